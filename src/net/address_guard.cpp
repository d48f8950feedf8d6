#include "net/address_guard.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace inboxd::net {
namespace {

using V4 = boost::asio::ip::address_v4;
using V6 = boost::asio::ip::address_v6;
using Bytes = V6::bytes_type;

constexpr Bytes kInstanceMetadata = {0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54};

bool is_guarded_v4(const V4& address) {
  const auto bytes = address.to_bytes();
  // All of 0.0.0.0/8 is "this host".
  return bytes[0] == 0 || (bytes[0] == 169 && bytes[1] == 254);
}

template <std::size_t N>
bool begins_with(const Bytes& bytes, const std::array<std::uint8_t, N>& prefix) {
  return std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

V4 v4_at(const Bytes& bytes, std::size_t offset) {
  return V4({bytes[offset], bytes[offset + 1], bytes[offset + 2], bytes[offset + 3]});
}

/// The IPv4 address that the bytes stand for, if any.
std::optional<V4> embedded(const Bytes& bytes) {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  constexpr std::array<std::uint8_t, 12> kTranslated = {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0};
  constexpr std::array<std::uint8_t, 12> kCompatible = {};
  constexpr std::array<std::uint8_t, 12> kNat64 = {0x00, 0x64, 0xff, 0x9b};
  constexpr std::array<std::uint8_t, 6> kLocalNat64 = {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01};
  constexpr std::array<std::uint8_t, 2> k6to4 = {0x20, 0x02};
  constexpr std::size_t kLast4 = 12;
  if (begins_with(bytes, kMapped) || begins_with(bytes, kTranslated) || begins_with(bytes, kNat64) ||
      begins_with(bytes, kLocalNat64)) {
    return v4_at(bytes, kLast4);
  }
  if (begins_with(bytes, k6to4)) return v4_at(bytes, k6to4.size());
  // ::1 looks like an IPv4-compatible address and is none.
  if (begins_with(bytes, kCompatible) && !V6(bytes).is_loopback()) return v4_at(bytes, kLast4);
  return std::nullopt;
}

}  // namespace

bool is_guarded(const boost::asio::ip::address& address) {
  if (address.is_v4()) return is_guarded_v4(address.to_v4());
  const V6 v6 = address.to_v6();
  const Bytes bytes = v6.to_bytes();
  if (v6.is_link_local() || v6.is_unspecified() || bytes == kInstanceMetadata) return true;
  const auto v4 = embedded(bytes);
  return v4 && is_guarded_v4(*v4);
}

}  // namespace inboxd::net
