// Whatever bytes a WebSocket brings, upgrade included: they give the same payload, and end in the same state,
// however the network cuts them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mqtt/websocket_layer.hpp"

namespace {

using namespace inboxd::mqtt;

constexpr std::uint64_t kMessageBytes = 2'000;

constexpr std::string_view kUpgrade =
    "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: mqtt\r\n\r\n";

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  std::string payload;
  Layer::State state = Layer::State::kOpening;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome decode(std::string_view stream, std::size_t piece_bytes) {
  Outcome outcome;
  WebSocketLayer layer(kMessageBytes);
  while (!stream.empty()) {
    std::string piece(stream.substr(0, piece_bytes));
    stream.remove_prefix(piece.size());
    std::string reply;
    const auto payload = layer.decode(piece, reply);
    require(payload.size() <= piece.size());
    require(payload.empty() || layer.state() != Layer::State::kOpening);
    outcome.payload.append(payload.data(), payload.size());
  }
  outcome.state = layer.state();
  return outcome;
}

}  // namespace

/// The first byte says whether the rest comes after an upgrade; the second is the size of the pieces, less
/// one.
// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::string stream((data[0] & 1U) == 0 ? std::string_view() : kUpgrade);
  stream.append(reinterpret_cast<const char*>(data + 2), size - 2);  // NOLINT: bytes to text
  const Outcome whole = decode(stream, std::max<std::size_t>(stream.size(), 1));
  require(whole == decode(stream, data[1] + std::size_t{1}));
  return 0;
}
