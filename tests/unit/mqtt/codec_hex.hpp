#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "mqtt/decoder.hpp"

/// What the tests of the codec share.
namespace inboxd::mqtt {

/// Bytes from hexadecimal, blanks between them, and text in quotes for itself: `00 04 'MQTT'`.
inline std::string bytes_of(std::string_view notation) {
  std::string bytes;
  while (!notation.empty()) {
    const char first = notation.front();
    std::size_t taken = 1;
    if (first == '\'') {
      taken = notation.find('\'', 1) + 1;
      bytes.append(notation.substr(1, taken - 2));
    } else if (first != ' ') {
      taken = 2;
      bytes.push_back(static_cast<char>(std::stoi(std::string(notation.substr(0, 2)), nullptr, 16)));
    }
    notation.remove_prefix(taken);
  }
  return bytes;
}

/// What came out of a stream: the packets before the first error or the end of it.
struct Decoded {
  std::vector<Packet> packets;
  std::optional<DecodeError> error;
  std::size_t held = 0;
};

/// Gives the stream to the decoder in pieces of the sizes that `next_size()` says, each at least 1.
template <class NextSize>
Decoded decode_pieces(Decoder decoder, std::string_view stream, NextSize next_size) {
  Decoded decoded;
  while (!stream.empty()) {
    std::string_view piece = stream.substr(0, next_size());
    stream.remove_prefix(piece.size());
    while (!piece.empty()) {
      auto packet = decoder.next(piece);
      if (!packet) {
        decoded.error = packet.error();
        return decoded;
      }
      if (*packet) decoded.packets.push_back(*std::move(*packet));
    }
  }
  decoded.held = decoder.held();
  return decoded;
}

inline Decoded decode_whole(const Decoder& decoder, std::string_view stream) {
  return decode_pieces(decoder, stream, [&] { return stream.size(); });
}

/// A decoder of a connection whose CONNECT is past.
inline Decoder connected(Role role, Version version, std::size_t max_packet_bytes = 1 << 20) {
  Decoder decoder(role, max_packet_bytes);
  decoder.version(version);
  return decoder;
}

}  // namespace inboxd::mqtt
