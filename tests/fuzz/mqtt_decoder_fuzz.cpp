// Whatever bytes a connection brings: they give packets that can be encoded and read again, or an error that
// says why, and the same however the network cuts them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mqtt/decoder.hpp"
#include "mqtt/encoder.hpp"

namespace {

using namespace inboxd::mqtt;

constexpr std::size_t kMaxPacketBytes = 1 << 16;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Bit 0 of the first byte: whose decoder; bits 1 and 2: 3.1.1, 5.0, or before CONNECT. The second byte is
/// the size of the pieces, less one.
struct Settings {
  Role role = Role::kServer;
  std::optional<Version> version;
  std::size_t piece_bytes = 1;

  Decoder decoder() const {
    Decoder decoder(role, kMaxPacketBytes);
    if (version) decoder.version(*version);
    return decoder;
  }
};

Settings settings_of(unsigned first, unsigned second) {
  Settings settings;
  settings.role = (first & 1U) == 0 ? Role::kServer : Role::kClient;
  if ((first & 6U) == 2) settings.version = Version::k311;
  if ((first & 6U) == 4) settings.version = Version::k5;
  settings.piece_bytes = second + 1;
  return settings;
}

struct Outcome {
  std::vector<std::pair<Version, Packet>> packets;  ///< and the version that each was read by
  std::string_view clause;
  std::optional<Reason> error;
};

Outcome decode(const Settings& settings, std::string_view stream, std::size_t piece_bytes) {
  Outcome outcome;
  Decoder decoder = settings.decoder();
  Version version = settings.version.value_or(Version::k311);
  while (!stream.empty()) {
    std::string_view piece = stream.substr(0, piece_bytes);
    stream.remove_prefix(piece.size());
    while (!piece.empty()) {
      const std::size_t before = piece.size() + decoder.held();
      auto packet = decoder.next(piece);
      if (!packet) {
        outcome.error = packet.error().reason;
        outcome.clause = packet.error().clause;
        return outcome;
      }
      require(piece.size() + decoder.held() <= before);
      require(*packet ? decoder.held() == 0 : piece.empty());
      if (!*packet) continue;
      if (const auto* connect = std::get_if<Connect>(&**packet)) version = connect->version;
      outcome.packets.emplace_back(version, *std::move(*packet));
    }
  }
  return outcome;
}

void require_round_trip(Role role, Version version, const Packet& packet) {
  std::string bytes;
  encode(packet, version, bytes);
  Decoder decoder(role, kMaxPacketBytes);
  decoder.version(version);
  std::string_view rest = bytes;
  const auto again = decoder.next(rest);
  require(again && *again && **again == packet && rest.empty());
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Settings settings = settings_of(data[0], data[1]);
  const std::string_view stream(reinterpret_cast<const char*>(data + 2), size - 2);  // NOLINT: bytes to text
  const Outcome whole = decode(settings, stream, stream.size());
  const Outcome pieces = decode(settings, stream, settings.piece_bytes);
  require(whole.packets == pieces.packets && whole.error == pieces.error && whole.clause == pieces.clause);
  require(!whole.error || is_error(*whole.error));
  for (const auto& [version, packet] : whole.packets) require_round_trip(settings.role, version, packet);
  return 0;
}
