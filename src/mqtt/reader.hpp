#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "mqtt/decoder.hpp"

namespace inboxd::mqtt {

/// Reads the fields of a packet from its front (section 1.5), never past its end. The first error stays;
/// after it every read gives zero or empty and nothing is left, so that callers need look for it but once.
class Reader {
 public:
  /// `bytes` must outlive the reader and what it returns.
  explicit Reader(std::string_view bytes) noexcept : rest_(bytes) {}

  std::uint8_t byte() noexcept;
  std::uint16_t two_bytes() noexcept;
  std::uint32_t four_bytes() noexcept;
  /// In its shortest form, which 5.0 asks for.
  std::uint32_t varint() noexcept;
  std::string_view binary() noexcept;
  /// UTF-8 without U+0000.
  std::string_view text() noexcept;
  std::string_view take(std::size_t size) noexcept;
  std::string_view remainder() noexcept { return take(rest_.size()); }

  bool empty() const noexcept { return rest_.empty(); }
  bool ok() const noexcept { return ok_; }
  /// Of use where ok() is not.
  const DecodeError& error() const noexcept { return error_; }
  void fail(const DecodeError& error) noexcept;

 private:
  std::string_view rest_;
  DecodeError error_;
  bool ok_ = true;
};

/// Bits 0 and 1 of `bits` must not both be set.
constexpr bool is_qos(unsigned bits) noexcept { return bits < 3; }

}  // namespace inboxd::mqtt
