#include "core/fingerprint.hpp"

namespace inboxd {
namespace {

/// FNV-1a, 64 bits, with the length mixed in.
std::uint64_t hash(std::string_view text) noexcept {
  constexpr std::uint64_t kOffset = 0xcbf29ce484222325;
  constexpr std::uint64_t kPrime = 0x100000001b3;
  std::uint64_t value = kOffset ^ text.size();
  for (const char c : text) {
    value ^= static_cast<unsigned char>(c);
    value *= kPrime;
  }
  return value;
}

}  // namespace

Fingerprint fingerprint_of(std::string_view topic, std::string_view payload) noexcept {
  return {hash(topic), hash(payload)};
}

}  // namespace inboxd
