#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// The data representations of section 1.5, appended.
namespace inboxd::mqtt {

inline void put_byte(std::string& out, unsigned value) { out.push_back(static_cast<char>(value)); }

inline void put_two_bytes(std::string& out, std::size_t value) {
  put_byte(out, static_cast<unsigned>(value >> 8U) & 0xFFU);
  put_byte(out, static_cast<unsigned>(value) & 0xFFU);
}

inline void put_four_bytes(std::string& out, std::uint32_t value) {
  put_two_bytes(out, value >> 16U);
  put_two_bytes(out, value & 0xFFFFU);
}

inline void put_varint(std::string& out, std::size_t value) {
  for (; value >= 0x80; value >>= 7U) put_byte(out, static_cast<unsigned>(value & 0x7FU) | 0x80U);
  put_byte(out, static_cast<unsigned>(value));
}

/// Binary data or text, its length before it.
inline void put_text(std::string& out, std::string_view text) {
  put_two_bytes(out, text.size());
  out.append(text);
}

}  // namespace inboxd::mqtt
