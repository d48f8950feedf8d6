#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "mqtt/layer.hpp"

namespace inboxd::mqtt {

/// The server's side of WebSocket (RFC 6455): the upgrade from HTTP, then binary frames, whose payload is one
/// stream of bytes: where frames and messages begin and end means nothing to MQTT (MQTT-6.0.0-4). Payload is
/// unmasked where it lies and handed on as it comes, so nothing is kept for a connection but a frame's
/// header; Beast's stream would keep buffers for each. No extensions.
class WebSocketLayer final : public Layer {
 public:
  /// A longer message is refused, though none is ever held in memory.
  explicit WebSocketLayer(std::uint64_t message_bytes) : limit_(message_bytes) {}

  std::span<char> decode(std::span<char> input, std::string& reply) override;
  void encode(std::string_view bytes, std::string& output) override;
  void finish(std::string& output) override;
  State state() const override { return state_; }

 private:
  /// As they are on the wire; others are reserved.
  enum class Opcode : unsigned char {
    kContinuation = 0,
    kText = 1,
    kBinary = 2,
    kClose = 8,
    kPing = 9,
    kPong = 10,
  };
  static constexpr std::size_t kLongestHeader = 14;
  static constexpr std::size_t kMaskBytes = 4;

  std::span<char> read_upgrade(std::span<char> input, std::string& reply);
  std::span<char> read_header(std::span<char> input, std::string& reply);
  std::span<char> read_payload(std::span<char> input, std::span<char>& output);
  std::size_t header_length() const;
  void begin_frame(std::string& reply);
  void end_frame(std::string& reply);
  std::uint16_t fault() const;
  std::uint64_t payload_length() const;
  bool is_control() const;
  void take_close(std::string& reply);
  void fail(std::uint16_t code, std::string& reply);

  const std::uint64_t limit_;
  State state_ = State::kOpening;
  bool in_payload_ = false;
  bool in_message_ = false;      ///< more fragments of it are to come
  std::uint64_t message_ = 0;    ///< its length so far
  std::uint64_t remaining_ = 0;  ///< of the frame's payload
  std::array<unsigned char, kLongestHeader> header_{};
  unsigned char header_size_ = 0;
  unsigned char mask_at_ = 0;  ///< where in the mask the next byte of payload is
  bool fin_ = false;
  Opcode opcode_ = Opcode::kContinuation;
  std::string text_;  ///< the upgrade's header, then a control frame's payload
  bool ponged_ = false;
};

}  // namespace inboxd::mqtt
