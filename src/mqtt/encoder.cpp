#include "mqtt/encoder.hpp"

#include "mqtt/packet_writer.hpp"
#include "mqtt/properties_codec.hpp"
#include "mqtt/wire.hpp"
#include "mqtt/writer.hpp"

namespace inboxd::mqtt {
namespace {

struct PublishSizes {
  std::size_t properties = 0;
  std::size_t remaining = 0;

  std::size_t whole() const noexcept { return 1 + varint_bytes(remaining) + remaining; }
};

PublishSizes sizes_of(const PublishParts& parts, Version version) {
  PublishSizes sizes;
  sizes.remaining = sizeof(std::uint16_t) + parts.topic.size() + parts.payload.size();
  if (parts.qos != Qos::kAtMostOnce) sizes.remaining += sizeof(PacketId);
  if (version == Version::k311) return sizes;
  if (parts.properties != nullptr) sizes.properties = properties_bytes(*parts.properties);
  sizes.remaining += varint_bytes(sizes.properties) + sizes.properties;
  return sizes;
}

unsigned first_byte_of(const PublishParts& parts) noexcept {
  const unsigned flags = (parts.dup ? kDupFlag : 0) | (static_cast<unsigned>(parts.qos) << kQosShift) |
                         (parts.retain ? kRetainFlag : 0);
  return (static_cast<unsigned>(Kind::kPublish) << 4U) | flags;
}

}  // namespace

void encode_publish(const PublishParts& parts, Version version, std::string& out) {
  const PublishSizes sizes = sizes_of(parts, version);
  out.reserve(out.size() + sizes.whole());
  put_byte(out, first_byte_of(parts));
  put_varint(out, sizes.remaining);
  put_text(out, parts.topic);
  if (parts.qos != Qos::kAtMostOnce) put_two_bytes(out, parts.packet_id);
  if (version == Version::k5) {
    put_varint(out, sizes.properties);
    if (sizes.properties > 0) put_properties(*parts.properties, out);
  }
  out.append(parts.payload);
}

std::size_t encoded_size(const PublishParts& parts, Version version) {
  return sizes_of(parts, version).whole();
}

void encode(const Packet& packet, Version version, std::string& out) {
  std::visit(PacketWriter(version, out), packet);
}

}  // namespace inboxd::mqtt
