#include "app/terminal.hpp"

#include <array>
#include <cstdint>
#include <optional>

#include "core/id.hpp"

namespace inboxd::app {
namespace {

/// The length that a UTF-8 sequence claims by its first byte.
std::size_t claimed_length(unsigned char first) noexcept {
  if (first >= 0xF0U) return 4;
  if (first >= 0xE0U) return 3;
  return first >= 0xC0U ? 2 : 1;
}

/// The character at the start of `text` as bytes; nothing where there is no valid one.
std::optional<std::string_view> next_character(std::string_view text) noexcept {
  const std::string_view character = text.substr(0, claimed_length(static_cast<unsigned char>(text.front())));
  if (!is_valid_utf8(character)) return std::nullopt;
  return character;
}

/// `character` must be valid UTF-8.
std::uint32_t code_point(std::string_view character) noexcept {
  const auto first = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return first;
  std::uint32_t point = first & (0x7FU >> character.size());
  for (const char c : character.substr(1)) point = (point << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  return point;
}

bool is_break(std::uint32_t point) noexcept {
  return point == '\n' || point == '\r' || point == '\t' || point == 0x2028 || point == 0x2029;
}

/// C0, DEL and C1 steer terminals; the others reorder or hide what stands beside them.
bool is_unsafe(std::uint32_t point) noexcept {
  const bool control = point < 0x20 || (point >= 0x7F && point <= 0x9F);
  const bool direction = point == 0x061C || point == 0x200E || point == 0x200F ||
                         (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
  return control || direction || point == 0x2028 || point == 0x2029 || point == 0xFEFF;
}

void append_escaped(std::string& out, std::uint32_t point) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) out.push_back(kHex[(point >> shift) & 0xFU]);
}

/// Hands every character of `text` to `take` with its code point, and U+FFFD for each byte that belongs to
/// none.
template <class Take>
void each_character(std::string_view text, Take take) {
  while (!text.empty()) {
    const auto character = next_character(text);
    take(character.value_or("\xEF\xBF\xBD"), character ? code_point(*character) : 0xFFFD);
    text.remove_prefix(character ? character->size() : 1);
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  each_character(text, [&](std::string_view character, std::uint32_t point) {
    if (is_break(point)) {
      out.push_back(' ');
    } else if (!is_unsafe(point)) {
      out += character;
    }
  });
  return out;
}

std::string printable_json(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  each_character(json, [&](std::string_view character, std::uint32_t point) {
    if (point == '\n' || point == '\r' || point == '\t') {
      out.push_back(' ');  // raw, these stand between JSON's tokens only
    } else if (is_unsafe(point)) {
      append_escaped(out, point);
    } else {
      out += character;
    }
  });
  return out;
}

}  // namespace inboxd::app
