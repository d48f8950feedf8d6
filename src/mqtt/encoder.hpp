#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "mqtt/packet.hpp"

namespace inboxd::mqtt {

/// Appends the packet's bytes to `out`. Properties are left out in 3.1.1; so is what it has no place for. A
/// CONNECT is encoded by its own version. The packet must be one that the standard allows: strings of at most
/// 65,535 bytes of UTF-8, a packet id where the kind has one.
void encode(const Packet& packet, Version version, std::string& out);

/// The same for a PUBLISH whose parts lie apart, without copying them into a packet first. `properties` may
/// be null.
struct PublishParts {
  std::string_view topic;
  std::string_view payload;
  Qos qos = Qos::kAtMostOnce;
  bool dup = false;
  bool retain = false;
  PacketId packet_id = 0;
  const Properties* properties = nullptr;
};
void encode_publish(const PublishParts& parts, Version version, std::string& out);

/// How many bytes encode_publish() would append.
std::size_t encoded_size(const PublishParts& parts, Version version);

}  // namespace inboxd::mqtt
