#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "config/setting.hpp"
#include "config/settings.hpp"

/// From flags, environment, file and defaults to Settings: in that order of precedence.
namespace inboxd::config {

/// A flag of the command line that names a setting. `key` is as in the file, so `--data-dir x` is {data_dir,
/// x}.
struct FlagValue {
  std::string key;
  std::string value;
};

/// A key of the file, its value as text (an array as a comma list), and where it stands.
struct FileEntry {
  std::string key;
  std::string value;
  /// What the value is in the file: a setting of another kind does not take it.
  enum class Type { kString, kInteger, kBool, kArray } type = Type::kString;
  std::size_t line = 0;
};

struct Sources {
  std::vector<FlagValue> flags;
  std::map<std::string, std::string, std::less<>> environment;
  std::string file;  ///< path of the TOML file; empty: none
};

struct Origin {
  enum class Kind { kDefault, kFile, kEnvironment, kFlag };
  Kind kind = Kind::kDefault;
  std::string where;  ///< for people, e.g. `line 3 of inboxd.toml`
};

/// One setting as it came out.
struct Chosen {
  const Setting* setting = nullptr;
  std::string shown;  ///< the text of its value; a secret that is set is `***`
  Origin origin;
};

struct Loaded {
  Settings settings;
  std::vector<Chosen> chosen;  ///< in the order of all_settings()
  std::vector<std::string> warnings;
  std::vector<std::string> inert;  ///< variables that are set and have no effect

  /// Where a setting's value came from. The name must be one of the table's.
  const Origin& origin(std::string_view name) const;
  bool is_set(std::string_view name) const { return origin(name).kind != Origin::Kind::kDefault; }
};

/// Complaints, each a whole sentence that names the setting, its source and what is allowed. Never empty,
/// never with a secret in it.
using Problems = std::vector<std::string>;

/// Reads the TOML file's text. `name` is how complaints call it. Takes strings, integers, booleans and arrays
/// of strings at the top level.
tl::expected<std::vector<FileEntry>, Problems> parse_file(std::string_view text, std::string_view name);

/// All the settings, or everything that is wrong with them.
tl::expected<Loaded, Problems> load(const Sources& sources);

/// The same, with a file's entries already read; `name` is how complaints call it.
tl::expected<Loaded, Problems> merge(const Sources& sources, std::span<const FileEntry> file,
                                     std::string_view name);

}  // namespace inboxd::config
