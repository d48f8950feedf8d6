#include "mqtt/websocket_layer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "mqtt/websocket_upgrade.hpp"

namespace inboxd::mqtt {
namespace {

constexpr unsigned char kFin = 0x80;
constexpr unsigned char kReserved = 0x70;
constexpr unsigned char kOpcodeBits = 0x0f;
constexpr unsigned char kControlBit = 0x08;
constexpr unsigned char kMasked = 0x80;
constexpr unsigned char kLengthBits = 0x7f;
constexpr std::size_t kShort = 125;
constexpr unsigned char kLength16 = 126;
constexpr unsigned char kLength64 = 127;
/// What is sent in one frame: receivers tend to hold a frame in memory before they look at it.
constexpr std::size_t kFrameBytes = 64 * 1024 - 1;

constexpr std::uint16_t kNormal = 1000;
constexpr std::uint16_t kProtocolError = 1002;
constexpr std::uint16_t kUnsupported = 1003;
constexpr std::uint16_t kTooBig = 1009;

/// What a peer may give as a reason to close (section 7.4).
bool valid_close_code(unsigned code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

std::uint64_t big_endian(std::span<const unsigned char> bytes) {
  std::uint64_t value = 0;
  for (const unsigned char byte : bytes) value = value << 8U | byte;
  return value;
}

void append_frame(unsigned opcode, std::string_view payload, std::string& output) {
  output += static_cast<char>(kFin | opcode);
  const std::size_t size = payload.size();
  if (size <= kShort) {
    output += static_cast<char>(size);
  } else {  // at most kFrameBytes: 16 bits are enough
    output += static_cast<char>(kLength16);
    output += static_cast<char>(size >> 8U);
    output += static_cast<char>(size & 0xffU);
  }
  output += payload;
}

}  // namespace

std::span<char> WebSocketLayer::decode(std::span<char> input, std::string& reply) {
  if (state_ == State::kOpening) input = read_upgrade(input, reply);
  ponged_ = false;
  // The payload moves together to the front, over headers that have been read.
  const std::span<char> whole = input;
  std::span<char> output = whole.first(0);
  while (state_ == State::kOpen && !input.empty()) {
    input = in_payload_ ? read_payload(input, output) : read_header(input, reply);
    if (in_payload_ && remaining_ == 0) end_frame(reply);
  }
  return output;
}

std::span<char> WebSocketLayer::read_upgrade(std::span<char> input, std::string& reply) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const std::size_t before = text_.size();
  // One byte more than is allowed is enough to see that it is too long.
  const std::size_t taken = std::min(input.size(), kUpgradeHeaderBytes + 1 - before);
  text_.append(input.data(), taken);
  const std::size_t end = text_.find(kEnd, before - std::min(before, kEnd.size() - 1));
  if (end == std::string::npos && text_.size() <= kUpgradeHeaderBytes) return {};
  const std::size_t length = end == std::string::npos ? text_.size() : end + kEnd.size();
  UpgradeAnswer answer = answer_upgrade(std::string_view(text_).substr(0, length));
  reply += answer.response;
  state_ = answer.accepted ? State::kOpen : State::kFailed;
  text_ = {};
  return answer.accepted ? input.subspan(length - before) : std::span<char>{};
}

std::size_t WebSocketLayer::header_length() const {
  if (header_size_ < 2) return 2;
  const unsigned length = header_[1] & kLengthBits;
  const std::size_t extended = length == kLength64 ? 8 : length == kLength16 ? 2 : 0;
  return 2 + extended + ((header_[1] & kMasked) != 0 ? kMaskBytes : 0);
}

std::span<char> WebSocketLayer::read_header(std::span<char> input, std::string& reply) {
  while (header_size_ < header_length() && !input.empty()) {
    header_[header_size_++] = static_cast<unsigned char>(input.front());
    input = input.subspan(1);
  }
  if (header_size_ >= 2 && header_size_ == header_length()) begin_frame(reply);
  return input;
}

std::uint64_t WebSocketLayer::payload_length() const {
  const unsigned length = header_[1] & kLengthBits;
  if (length <= kShort) return length;
  return big_endian(std::span(header_).subspan(2, length == kLength64 ? 8 : 2));
}

bool WebSocketLayer::is_control() const { return (static_cast<unsigned>(opcode_) & kControlBit) != 0; }

void WebSocketLayer::begin_frame(std::string& reply) {
  fin_ = (header_[0] & kFin) != 0;
  opcode_ = static_cast<Opcode>(header_[0] & kOpcodeBits);
  remaining_ = payload_length();
  if (const std::uint16_t code = fault(); code != 0) return fail(code, reply);
  if (!is_control()) {
    message_ = opcode_ == Opcode::kContinuation ? message_ + remaining_ : remaining_;
    in_message_ = !fin_;
  }
  mask_at_ = 0;
  in_payload_ = true;
}

/// The code to close with, or 0.
std::uint16_t WebSocketLayer::fault() const {
  if ((header_[0] & kReserved) != 0 || (header_[1] & kMasked) == 0) return kProtocolError;
  const unsigned coded = header_[1] & kLengthBits;
  // Lengths in more bytes than they need, or in 64 bits with the highest set, are not allowed.
  if (coded == kLength16 && remaining_ <= kShort) return kProtocolError;
  if (coded == kLength64 && (remaining_ <= 0xffff || remaining_ >> 63U != 0)) return kProtocolError;
  switch (opcode_) {
    case Opcode::kText:
      return kUnsupported;
    case Opcode::kBinary:
      if (in_message_) return kProtocolError;
      return remaining_ > limit_ ? kTooBig : 0;
    case Opcode::kContinuation:
      if (!in_message_) return kProtocolError;
      return remaining_ > limit_ - message_ ? kTooBig : 0;
    case Opcode::kClose:
    case Opcode::kPing:
    case Opcode::kPong:
      return fin_ && remaining_ <= kShort ? 0 : kProtocolError;
  }
  return kProtocolError;
}

std::span<char> WebSocketLayer::read_payload(std::span<char> input, std::span<char>& output) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size()));
  const unsigned char* const mask = header_.data() + header_size_ - kMaskBytes;
  const std::span<char> payload = input.first(size);
  std::size_t at = mask_at_;
  for (char& byte : payload)
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ mask[at++ % kMaskBytes]);
  mask_at_ = static_cast<unsigned char>(at % kMaskBytes);
  remaining_ -= size;
  if (is_control()) {
    text_.append(payload.data(), size);
  } else {
    std::memmove(output.data() + output.size(), payload.data(), size);
    output = {output.data(), output.size() + size};
  }
  return input.subspan(size);
}

void WebSocketLayer::end_frame(std::string& reply) {
  in_payload_ = false;
  header_size_ = 0;
  if (!is_control()) return;
  // One answer is enough for all pings that came together (section 5.5.3), and more would let a peer have
  // many bytes sent for few.
  if (opcode_ == Opcode::kPing && !std::exchange(ponged_, true)) {
    append_frame(static_cast<unsigned>(Opcode::kPong), text_, reply);
  }
  if (opcode_ == Opcode::kClose) take_close(reply);
  text_.clear();
}

void WebSocketLayer::take_close(std::string& reply) {
  if (!text_.empty()) {
    const auto byte = [this](std::size_t at) {
      return static_cast<unsigned>(static_cast<unsigned char>(text_[at]));
    };
    if (text_.size() == 1 || !valid_close_code(byte(0) << 8U | byte(1))) return fail(kProtocolError, reply);
    text_.resize(2);
  }
  append_frame(static_cast<unsigned>(Opcode::kClose), text_, reply);
  state_ = State::kEnded;
}

void WebSocketLayer::fail(std::uint16_t code, std::string& reply) {
  const std::array<char, 2> bytes{static_cast<char>(code >> 8U), static_cast<char>(code & 0xffU)};
  append_frame(static_cast<unsigned>(Opcode::kClose), {bytes.data(), bytes.size()}, reply);
  state_ = State::kFailed;
}

void WebSocketLayer::encode(std::string_view bytes, std::string& output) {
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kFrameBytes))) {
    append_frame(static_cast<unsigned>(Opcode::kBinary), bytes.substr(0, kFrameBytes), output);
  }
}

void WebSocketLayer::finish(std::string& output) {
  if (state_ != State::kOpen) return;
  fail(kNormal, output);
  state_ = State::kEnded;
}

}  // namespace inboxd::mqtt
