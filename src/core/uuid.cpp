#include "core/uuid.hpp"

#include <algorithm>
#include <string_view>

namespace inboxd {
namespace {

constexpr std::uint32_t kCounterLimit = 1U << 12U;

void append_hex(std::string& out, std::uint64_t value, unsigned digits) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (unsigned i = digits; i-- > 0;) out.push_back(kHex[(value >> (4U * i)) & 0xFU]);
}

}  // namespace

std::string UuidSequence::next(Millis now, std::uint64_t random) {
  counter_ = now > last_ ? 0 : counter_ + 1;
  last_ = std::max(now, last_);
  if (counter_ == kCounterLimit) {
    ++last_;
    counter_ = 0;
  }
  constexpr std::uint64_t kVersion = 0x7000;
  constexpr std::uint64_t kVariant = 0x8000;
  const auto millis = static_cast<std::uint64_t>(last_);
  std::string text;
  text.reserve(36);
  append_hex(text, millis >> 16U, 8);
  text.push_back('-');
  append_hex(text, millis & 0xFFFFU, 4);
  text.push_back('-');
  append_hex(text, kVersion | counter_, 4);
  text.push_back('-');
  append_hex(text, kVariant | ((random >> 48U) & 0x3FFFU), 4);
  text.push_back('-');
  append_hex(text, random & 0xFFFFFFFFFFFFU, 12);
  return text;
}

}  // namespace inboxd
