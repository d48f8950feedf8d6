#include "store/wire.hpp"

namespace inboxd::store {

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void put_signed(std::string& out, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  put_varint(out, value < 0 ? ~(bits << 1) : bits << 1);
}

void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out.append(text);
}

std::uint64_t WireReader::varint() noexcept {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint64_t next = byte();
    value |= (next & 0x7f) << shift;
    if (next < 0x80) return value;
  }
  spoil();
  return 0;
}

std::int64_t WireReader::signed_varint() noexcept {
  const std::uint64_t bits = varint();
  return static_cast<std::int64_t>((bits & 1) != 0 ? ~(bits >> 1) : bits >> 1);
}

std::uint8_t WireReader::byte() noexcept {
  if (rest_.empty()) {
    spoil();
    return 0;
  }
  const auto value = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return value;
}

std::string_view WireReader::text() noexcept {
  const std::uint64_t size = varint();
  if (size > rest_.size()) {
    spoil();
    return {};
  }
  const auto value = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return value;
}

std::string_view WireReader::remainder() noexcept {
  const auto value = rest_;
  rest_ = {};
  return value;
}

void WireReader::spoil() noexcept {
  ok_ = false;
  rest_ = {};
}

}  // namespace inboxd::store
