#include "mqtt/reader.hpp"

#include "core/id.hpp"
#include "mqtt/wire.hpp"

namespace inboxd::mqtt {
namespace {

/// Without branches, so that the compiler can look at many bytes at once: nearly all texts are of this kind.
bool is_plain_ascii(std::string_view text) noexcept {
  unsigned odd = 0;
  for (const char c : text) odd |= static_cast<unsigned>(static_cast<signed char>(c) < 1);
  return odd == 0;
}

}  // namespace

std::string_view Reader::take(std::size_t size) noexcept {
  if (size > rest_.size()) {
    fail({Reason::kMalformedPacket, "", "the packet ends within a field"});
    return {};
  }
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::uint8_t Reader::byte() noexcept {
  const std::string_view bytes = take(1);
  return bytes.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(bytes.front());
}

std::uint16_t Reader::two_bytes() noexcept {
  const unsigned high = byte();
  return static_cast<std::uint16_t>((high << 8U) | byte());
}

std::uint32_t Reader::four_bytes() noexcept {
  const std::uint32_t high = two_bytes();
  return (high << 16U) | two_bytes();
}

std::uint32_t Reader::varint() noexcept {
  const auto read = read_varint(rest_);
  if (!read) fail({Reason::kMalformedPacket, "1.5.5", "a variable byte integer of more than four bytes"});
  if (read && !read->shortest) {
    fail({Reason::kMalformedPacket, "MQTT-1.5.5-1", "a variable byte integer longer than it need be"});
  }
  if (!ok_) return 0;
  // An unfinished one takes a byte more than there are, which fails.
  take(read->bytes > 0 ? read->bytes : rest_.size() + 1);
  return read->value;
}

std::string_view Reader::binary() noexcept { return take(two_bytes()); }

std::string_view Reader::text() noexcept {
  const std::string_view text = binary();
  if (is_plain_ascii(text)) return text;
  if (text.find('\0') != std::string_view::npos) {
    fail({Reason::kMalformedPacket, "MQTT-1.5.4-2", "a text with U+0000"});
  } else if (!is_valid_utf8(text)) {
    fail({Reason::kMalformedPacket, "MQTT-1.5.4-1", "a text that is not UTF-8"});
  }
  return ok_ ? text : std::string_view{};
}

void Reader::fail(const DecodeError& error) noexcept {
  if (ok_) error_ = error;
  ok_ = false;
  rest_ = {};
}

}  // namespace inboxd::mqtt
