#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

/// What encoder and decoder both know of the bytes of a packet.
namespace inboxd::mqtt {

/// Table 2-1: the high half of a packet's first byte. 0 is reserved in both versions, 15 in 3.1.1.
enum class Kind : std::uint8_t {
  kConnect = 1,
  kConnack = 2,
  kPublish = 3,
  kPuback = 4,
  kPubrec = 5,
  kPubrel = 6,
  kPubcomp = 7,
  kSubscribe = 8,
  kSuback = 9,
  kUnsubscribe = 10,
  kUnsuback = 11,
  kPingreq = 12,
  kPingresp = 13,
  kDisconnect = 14,
  kAuth = 15,
};

/// The low half of the first byte of all but PUBLISH (2.1.3).
constexpr std::uint8_t fixed_flags(Kind kind) noexcept {
  const bool two = kind == Kind::kPubrel || kind == Kind::kSubscribe || kind == Kind::kUnsubscribe;
  return two ? 0b0010 : 0;
}

/// Of PUBLISH's (3.3.1).
inline constexpr unsigned kDupFlag = 0b1000;
inline constexpr unsigned kQosShift = 1;
inline constexpr unsigned kRetainFlag = 0b0001;

/// CONNECT (3.1.2.3); bit 0 is reserved.
namespace connect_flag {
inline constexpr unsigned kReserved = 0b0000'0001;
inline constexpr unsigned kCleanStart = 0b0000'0010;
inline constexpr unsigned kWill = 0b0000'0100;
inline constexpr unsigned kWillQosShift = 3;
inline constexpr unsigned kWillRetain = 0b0010'0000;
inline constexpr unsigned kPassword = 0b0100'0000;
inline constexpr unsigned kUserName = 0b1000'0000;
}  // namespace connect_flag

/// A topic filter's options (3.8.3.1); bits 6 and 7 are reserved.
namespace subscription_option {
inline constexpr unsigned kQosMask = 0b0000'0011;
inline constexpr unsigned kNoLocal = 0b0000'0100;
inline constexpr unsigned kRetainAsPublished = 0b0000'1000;
inline constexpr unsigned kRetainHandlingShift = 4;
inline constexpr unsigned kReserved = 0b1100'0000;
}  // namespace subscription_option

inline constexpr std::string_view kProtocolName = "MQTT";

/// A variable byte integer (1.5.5).
struct Varint {
  std::uint32_t value = 0;
  std::size_t bytes = 0;  ///< 0 where it goes on after what is there
  bool shortest = true;   ///< MQTT-1.5.5-1
};

inline constexpr std::size_t kMaxVarintBytes = 4;

/// The one at the front of `bytes`; nothing where it is longer than may be.
constexpr std::optional<Varint> read_varint(std::string_view bytes) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < kMaxVarintBytes; ++i) {
    if (i == bytes.size()) return Varint{};
    const auto byte = static_cast<unsigned char>(bytes[i]);
    value |= (byte & 0x7FU) << (7 * i);
    if (byte < 0x80U) return Varint{value, i + 1, i == 0 || byte != 0};
  }
  return std::nullopt;
}

constexpr std::size_t varint_bytes(std::size_t value) noexcept {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x20'0000 ? 3 : 4;
}

}  // namespace inboxd::mqtt
