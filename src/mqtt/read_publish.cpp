#include <string>

#include "mqtt/packet_readers.hpp"
#include "mqtt/properties_codec.hpp"
#include "mqtt/reason_codes.hpp"
#include "mqtt/topic.hpp"

namespace inboxd::mqtt {
namespace {

void check_topic(const Publish& publish, Reader& reader) noexcept {
  if (publish.topic.empty() && !publish.properties.topic_alias) {
    reader.fail({Reason::kProtocolError, "3.3.2.1", "neither a topic nor an alias of one"});
  } else if (has_wildcards(publish.topic)) {
    reader.fail({Reason::kProtocolError, "MQTT-3.3.2-2", "a topic with wildcards"});
  }
}

}  // namespace

void read(Reader& reader, const FrameContext& frame, Publish& publish) {
  publish.qos = static_cast<Qos>((frame.flags >> kQosShift) & 0b11U);
  publish.dup = (frame.flags & kDupFlag) != 0;
  publish.retain = (frame.flags & kRetainFlag) != 0;
  publish.topic = reader.text();
  if (publish.qos != Qos::kAtMostOnce) publish.packet_id = read_packet_id(reader);
  if (frame.is_5()) read_properties(reader, Place::kPublish, publish.properties);
  check_topic(publish, reader);
  if (frame.role == Role::kServer && !publish.properties.subscription_ids.empty()) {
    reader.fail({Reason::kProtocolError, "MQTT-3.3.4-6", "a subscription id from a client"});
  }
  publish.payload = reader.remainder();
}

void read(Reader& reader, const FrameContext& frame, Acknowledgement& acknowledgement) {
  acknowledgement.kind = static_cast<Acknowledgement::Kind>(frame.kind);
  acknowledgement.packet_id = read_packet_id(reader);
  // 3.4.2.1: without a reason it is success; without properties their length may be left out.
  if (frame.is_5() && !reader.empty()) acknowledgement.reason = read_reason(reader, frame, "2.4");
  if (frame.is_5() && !reader.empty()) {
    read_properties(reader, Place::kAcknowledgement, acknowledgement.properties);
  }
}

PacketId read_packet_id(Reader& reader) noexcept {
  const PacketId id = reader.two_bytes();
  if (id == 0) reader.fail({Reason::kProtocolError, "MQTT-2.2.1-3", "a packet id of 0"});
  return id;
}

Reason checked_reason(std::uint8_t code, Reader& reader, const FrameContext& frame,
                      std::string_view clause) noexcept {
  const auto reason = static_cast<Reason>(code);
  if (!may_carry(frame.kind, reason, frame.role)) {
    reader.fail({Reason::kProtocolError, clause, "a reason code that this packet cannot carry"});
  }
  return reason;
}

Reason read_reason(Reader& reader, const FrameContext& frame, std::string_view clause) noexcept {
  return checked_reason(reader.byte(), reader, frame, clause);
}

}  // namespace inboxd::mqtt
