#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "mqtt/packet.hpp"

namespace inboxd::mqtt {

/// Why a connection's bytes cannot be read on: malformed where they cannot be parsed, a protocol error where
/// they say what is not allowed (5.0, section 1.2), or the reason that the standard names. `clause` is the
/// statement of 5.0 that they offend, e.g. `MQTT-3.1.2-3`, the section where the statement has no number,
/// e.g. `3.8.3.1`, or empty. `v3.1.1 ` stands before what only that version says.
struct DecodeError {
  Reason reason = Reason::kMalformedPacket;
  std::string_view clause;  ///< of static storage
  std::string_view detail;  ///< for people; of static storage
};

/// Which way a decoder's packets go: a server's decoder takes what clients send, and the reverse.
enum class Role { kServer, kClient };

/// Cuts a stream of bytes into packets. No I/O; the same bytes give the same packets however they are cut
/// into pieces. Holds no memory between whole packets.
class Decoder {
 public:
  /// Packets of more than `max_packet_bytes`, the fixed header included, are an error (kPacketTooLarge) as
  /// soon as their length is known.
  Decoder(Role role, std::size_t max_packet_bytes) : role_(role), max_packet_bytes_(max_packet_bytes) {}

  /// What all but CONNECT are read by. A CONNECT read by the decoder sets it; until then a server's decoder
  /// takes nothing else (MQTT-3.1.0-1).
  void version(Version version) noexcept { version_ = version; }

  /// Sets another bound. Not in the middle of a packet.
  void limit(std::size_t max_packet_bytes) noexcept { max_packet_bytes_ = max_packet_bytes; }

  /// Takes the next packet off the front of `bytes`, or as much of it as is there. Returns a packet once it
  /// is whole, nothing where more bytes are needed (all of `bytes` is then consumed). After an error the
  /// decoder is of no further use.
  Result<std::optional<Packet>, DecodeError> next(std::string_view& bytes);

  /// Bytes of an unfinished packet that are held.
  std::size_t held() const noexcept { return partial_.size(); }

 private:
  Result<std::optional<std::size_t>, DecodeError> frame_size(std::string_view bytes) const;
  Result<std::optional<Packet>, DecodeError> resume(std::string_view& bytes);
  Result<std::optional<Packet>, DecodeError> decode(std::string_view frame);

  Role role_;
  std::size_t max_packet_bytes_;
  std::optional<Version> version_;
  std::string partial_;
};

}  // namespace inboxd::mqtt
