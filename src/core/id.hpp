#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace inboxd {

/// An identifier that cannot be mixed up with one of another kind. Holds text that was validated when it came
/// in (parse_id) or that the engine made; an Id is never empty unless it was default-constructed.
template <class Kind>
class Id {
 public:
  Id() = default;
  explicit Id(std::string value) : value_(std::move(value)) {}

  const std::string& str() const noexcept { return value_; }
  std::string_view view() const noexcept { return value_; }
  bool empty() const noexcept { return value_.empty(); }

  friend auto operator<=>(const Id&, const Id&) = default;
  friend bool operator==(const Id&, const Id&) = default;

 private:
  std::string value_;
};

/// The tenant, one level of every Chat21 topic.
using AppId = Id<struct AppKind>;
/// A user or a group: whatever owns an inbox and can be written to.
using PartyId = Id<struct PartyKind>;
/// A message: a UUID where the engine gave it, any valid id where a back end did.
using MessageId = Id<struct MessageKind>;

/// PROTOCOL 1: 1-128 bytes of valid UTF-8 without `/ . # + * %`, blanks or control characters.
inline constexpr std::size_t kMaxIdBytes = 128;

/// Whether `text` is an id by the alphabet and length of PROTOCOL 1.
bool is_valid_id(std::string_view text) noexcept;

/// Whether `text` names a part of the topic tree, so that no user or group may be called that (PROTOCOL 1).
bool is_reserved(std::string_view text) noexcept;

/// Whether `text` is valid UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF).
bool is_valid_utf8(std::string_view text) noexcept;
/// How many bytes of it are, at its beginning.
std::size_t valid_utf8_prefix(std::string_view text) noexcept;

/// A user or group id, or nothing where the text is malformed or reserved.
std::optional<PartyId> parse_party(std::string_view text);

/// Whether the id says that its owner is a group (PROTOCOL 4): it contains `group-`.
bool names_a_group(const PartyId& id) noexcept;

}  // namespace inboxd

template <class Kind>
struct std::hash<inboxd::Id<Kind>> {
  std::size_t operator()(const inboxd::Id<Kind>& id) const noexcept {
    return std::hash<std::string>{}(id.str());
  }
};
