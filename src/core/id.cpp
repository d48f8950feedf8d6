#include "core/id.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace inboxd {
namespace {

constexpr std::array<std::string_view, 10> kReserved = {
    "groups", "conversations", "archived_conversations", "messages", "instances", "bans", "blocks", "typings",
    "admin",  "presence"};

constexpr bool is_continuation(unsigned char byte) noexcept { return (byte & 0xC0U) == 0x80U; }

/// The code point at the start of `text` and its length in bytes; length 0 where it is malformed.
struct Decoded {
  std::uint32_t code_point = 0;
  std::size_t length = 0;
};

Decoded decode_utf8(std::string_view text) noexcept {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80U) return {lead, 1};
  const std::size_t length = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
  if (lead < 0xC2U || lead > 0xF4U || text.size() < length) return {};
  std::uint32_t code_point = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (!is_continuation(byte)) return {};
    code_point = (code_point << 6U) | (byte & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < kSmallest[length] || code_point > 0x10FFFF || surrogate) return {};
  return {code_point, length};
}

/// Blanks and control characters, in ASCII and beyond: what a person cannot see in an id. Format characters
/// (bidirectional marks, joiners) are left in: scripts need them.
constexpr bool is_blank_or_control(std::uint32_t c) noexcept {
  return c <= 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

constexpr bool has_meaning_in_topics(std::uint32_t c) noexcept {
  return c == '/' || c == '.' || c == '#' || c == '+' || c == '*' || c == '%';
}

template <class Predicate>
bool all_code_points(std::string_view text, Predicate allowed) noexcept {
  while (!text.empty()) {
    const Decoded next = decode_utf8(text);
    if (next.length == 0 || !allowed(next.code_point)) return false;
    text.remove_prefix(next.length);
  }
  return true;
}

}  // namespace

bool is_valid_utf8(std::string_view text) noexcept { return valid_utf8_prefix(text) == text.size(); }

std::size_t valid_utf8_prefix(std::string_view text) noexcept {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  std::size_t at = 0;
  while (at < text.size()) {
    std::uint64_t word = 0;
    if (text.size() - at >= sizeof word) {
      std::memcpy(&word, text.data() + at, sizeof word);
      if ((word & kHighBits) == 0) {  // eight of ASCII
        at += sizeof word;
        continue;
      }
    }
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const Decoded next = decode_utf8(text.substr(at));
    if (next.length == 0) return at;
    at += next.length;
  }
  return at;
}

bool is_valid_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kMaxIdBytes && all_code_points(text, [](std::uint32_t c) {
    return !is_blank_or_control(c) && !has_meaning_in_topics(c);
  });
}

bool is_reserved(std::string_view text) noexcept {
  return std::find(kReserved.begin(), kReserved.end(), text) != kReserved.end();
}

std::optional<PartyId> parse_party(std::string_view text) {
  if (!is_valid_id(text) || is_reserved(text)) return std::nullopt;
  return PartyId{std::string(text)};
}

bool names_a_group(const PartyId& id) noexcept { return id.view().find("group-") != std::string_view::npos; }

}  // namespace inboxd
