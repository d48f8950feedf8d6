#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/result.hpp"
#include "filter/rule.hpp"
#include "filter/text_file.hpp"

/// Rules as they are written, in TOML or in JSON: the same keys, the same checks.
namespace inboxd::filter {

// --- what both formats come down to

struct WrittenText {
  std::string text;
  std::size_t line = 0;
};

/// What the format has and rules have no use for: dates, tables, numbers with a fraction.
struct Unusable {};

struct WrittenValue {
  std::variant<Unusable, bool, std::int64_t, std::string, std::vector<WrittenText>> value;
  std::size_t line = 0;
};

struct WrittenRule {
  std::vector<std::pair<std::string, WrittenValue>> keys;
  std::size_t line = 0;
};

/// Problems of one document, in the order of its lines.
class Complaints {
 public:
  /// `source`: what the document is called.
  explicit Complaints(std::string source) : source_(std::move(source)) {}

  void add(std::size_t line, const std::string& what);
  /// About a file that is named in `line`.
  void add_of(std::size_t line, const std::string& file, std::size_t line_of_file, const std::string& what);

  const std::string& source() const noexcept { return source_; }
  /// Those beyond kMaxProblems are only counted.
  Problems take() &&;

 private:
  void put(std::size_t line, std::string text);

  std::string source_;
  std::vector<std::pair<std::size_t, std::string>> problems_;
  std::size_t left_out_ = 0;
};

/// Reads a file of words; null where none can be named.
using ReadFile = std::function<Result<std::string, std::string>(const std::string& path)>;

/// Checks the rules; those that are wrong in part come back as far as they are right.
Rules check_rules(const std::vector<WrittenRule>& written, const ReadFile& read, Complaints& complaints);

std::vector<WrittenRule> written_in_toml(std::string_view text, Complaints& complaints);
std::vector<WrittenRule> written_in_json(std::string_view text, Complaints& complaints);

// --- what is made of it

struct SeenFile {
  std::string path;
  FileStamp stamp;  ///< from before it was read: what changes meanwhile is a change

  friend bool operator==(const SeenFile&, const SeenFile&) = default;
};

using SeenFiles = std::vector<SeenFile>;

/// The same files as they are now.
SeenFiles look_again(SeenFiles files);

/// Tells when a change is over: what somebody is writing looks like a whole file that lacks some rules.
class Changes {
 public:
  /// Whether the files, as they are `now`, are not as they were read, but as they were at the look before.
  bool settled(const SeenFiles& read, SeenFiles now);

 private:
  SeenFiles before_;
};

struct Parsed {
  Rules rules;  ///< of use where there are no problems
  Problems problems;
  SeenFiles files;  ///< those that were looked into, also in vain
};

/// `name` is what the document is called in problems. `read` gets names as they are written.
Parsed parse_toml(std::string_view text, const std::string& name, const ReadFile& read);
/// `{"filters": [{…}, …]}`, without files of words.
Parsed parse_json(std::string_view text, const std::string& name);

/// A file of rules and the files of words that it names.
Parsed read_policy_file(const std::string& path);

}  // namespace inboxd::filter
