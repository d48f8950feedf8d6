#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/refusal.hpp"
#include "core/result.hpp"

/// JSON objects as an engine sees them that must hand on what it does not understand: the text is checked
/// whole, and each top-level value stays the slice of text that the sender wrote, to the last digit and
/// blank.
namespace inboxd::json {

/// The deepest nesting accepted, arrays and objects counted alike.
inline constexpr std::size_t kMaxDepth = 64;

struct Member {
  std::string key;       ///< unescaped
  std::string_view raw;  ///< the value's text; points into the text that was parsed
};

/// The members of one object in the order of their text, each key once: of duplicates the last counts, as in
/// JavaScript. Valid as long as the parsed text is.
class Object {
 public:
  explicit Object(std::vector<Member> members) : members_(std::move(members)) {}

  const std::vector<Member>& members() const noexcept { return members_; }

  /// The value's text, or nothing where the key is absent.
  std::optional<std::string_view> find(std::string_view key) const noexcept;

  /// As find(), but a null counts as absent.
  std::optional<std::string_view> find_value(std::string_view key) const noexcept;

 private:
  std::vector<Member> members_;
};

/// Checks that `text` is one JSON object in valid UTF-8 and splits it. Refuses with kBadJson or kTooDeep;
/// never quotes the text.
Result<Object, Refusal> parse_object(std::string_view text);

/// The kinds of a value, told from the text of one that parse_object has checked.
bool is_null(std::string_view raw) noexcept;
bool is_true(std::string_view raw) noexcept;
bool is_false(std::string_view raw) noexcept;
bool is_string(std::string_view raw) noexcept;
bool is_object(std::string_view raw) noexcept;
bool is_array(std::string_view raw) noexcept;
bool is_number(std::string_view raw) noexcept;

/// What a string says; nothing where the value is not a string.
std::optional<std::string> string_value(std::string_view raw);

/// A number cut to a whole one; nothing where the value is no number, or one beyond 64 bits.
std::optional<std::int64_t> integer_value(std::string_view raw) noexcept;

/// The strings of an array, or the one string that stands in place of an array; nothing where anything else
/// is in it.
std::optional<std::vector<std::string>> strings_value(std::string_view raw);

/// `text` as a JSON string, quotes included. `text` must be valid UTF-8.
std::string quoted(std::string_view text);

/// Writes one object, member by member. Keys are not checked for duplicates.
class ObjectWriter {
 public:
  /// `capacity`: bytes to reserve.
  explicit ObjectWriter(std::size_t capacity = 256) {
    text_.reserve(capacity);
    text_.push_back('{');
  }

  ObjectWriter& raw(std::string_view key, std::string_view value);
  ObjectWriter& string(std::string_view key, std::string_view value);
  ObjectWriter& integer(std::string_view key, std::int64_t value);
  ObjectWriter& boolean(std::string_view key, bool value);

  /// Ends the object; the writer is spent.
  std::string finish();

 private:
  void key(std::string_view name);
  std::string text_;
};

/// `object`, the text of an object, with one more member at its end. The key must not be in it.
std::string with_member(std::string_view object, std::string_view key, std::string_view raw);

/// A member of an object: its name, and its value's text.
using Change = std::pair<std::string, std::string>;

/// The text of `object` with the values of `changes` in place of its own of those names, or at its end.
std::string with_changes(const Object& object, const std::vector<Change>& changes);

}  // namespace inboxd::json
