#include <string>

#include "mqtt/packet_readers.hpp"
#include "mqtt/properties_codec.hpp"
#include "mqtt/reason_codes.hpp"
#include "mqtt/topic.hpp"

namespace inboxd::mqtt {
namespace {

/// 3.1.1 has the QoS alone, and calls all else malformed (its MQTT-3.8.3-4).
void read_options_311(Reader& reader, Subscription& subscription) noexcept {
  const unsigned options = reader.byte();
  if (!is_qos(options)) {
    reader.fail({Reason::kMalformedPacket, "v3.1.1 MQTT-3.8.3-4", "a requested QoS above 2"});
  }
  subscription.qos = static_cast<Qos>(options);
}

void read_options(Reader& reader, Subscription& subscription) noexcept {
  namespace option = subscription_option;
  const unsigned options = reader.byte();
  const unsigned retain_handling = (options >> option::kRetainHandlingShift) & 0b11U;
  subscription.qos = static_cast<Qos>(options & option::kQosMask);
  subscription.no_local = (options & option::kNoLocal) != 0;
  subscription.retain_as_published = (options & option::kRetainAsPublished) != 0;
  subscription.retain_handling = static_cast<RetainHandling>(retain_handling);
  if ((options & option::kReserved) != 0) {
    reader.fail({Reason::kMalformedPacket, "MQTT-3.8.3-5", "reserved subscription options are set"});
  } else if (!is_qos(options & option::kQosMask)) {
    reader.fail({Reason::kProtocolError, "3.8.3.1", "a maximum QoS of 3"});
  } else if (retain_handling > static_cast<unsigned>(RetainHandling::kDoNotSend)) {
    reader.fail({Reason::kProtocolError, "3.8.3.1", "a retain handling of 3"});
  } else if (subscription.no_local && is_shared(subscription.filter)) {
    reader.fail({Reason::kProtocolError, "MQTT-3.8.3-4", "no local on a shared subscription"});
  }
}

Reason read_suback_code(Reader& reader, const FrameContext& frame) noexcept {
  const std::uint8_t code = reader.byte();
  if (frame.is_5()) return checked_reason(code, reader, frame, "MQTT-3.9.3-2");
  if (!is_suback_code_311(code)) {
    reader.fail({Reason::kProtocolError, "v3.1.1 MQTT-3.9.3-2", "a reserved return code"});
  }
  return static_cast<Reason>(code);
}

}  // namespace

void read(Reader& reader, const FrameContext& frame, Subscribe& subscribe) {
  subscribe.packet_id = read_packet_id(reader);
  if (frame.is_5()) read_properties(reader, Place::kSubscribe, subscribe.properties);
  if (reader.empty()) reader.fail({Reason::kProtocolError, "MQTT-3.8.3-2", "a SUBSCRIBE to nothing"});
  while (!reader.empty()) {
    Subscription& subscription = subscribe.subscriptions.emplace_back();
    subscription.filter = reader.text();
    frame.is_5() ? read_options(reader, subscription) : read_options_311(reader, subscription);
  }
}

void read(Reader& reader, const FrameContext& frame, Suback& suback) {
  suback.packet_id = read_packet_id(reader);
  if (frame.is_5()) read_properties(reader, Place::kAcknowledgement, suback.properties);
  if (reader.empty()) reader.fail({Reason::kProtocolError, "MQTT-3.9.3-1", "a SUBACK of nothing"});
  while (!reader.empty()) suback.reasons.push_back(read_suback_code(reader, frame));
}

void read(Reader& reader, const FrameContext& frame, Unsubscribe& unsubscribe) {
  unsubscribe.packet_id = read_packet_id(reader);
  if (frame.is_5()) read_properties(reader, Place::kUnsubscribe, unsubscribe.properties);
  if (reader.empty()) reader.fail({Reason::kProtocolError, "MQTT-3.10.3-2", "an UNSUBSCRIBE from nothing"});
  while (!reader.empty()) unsubscribe.filters.emplace_back(reader.text());
}

void read(Reader& reader, const FrameContext& frame, Unsuback& unsuback) {
  unsuback.packet_id = read_packet_id(reader);
  if (!frame.is_5()) return;
  read_properties(reader, Place::kAcknowledgement, unsuback.properties);
  if (reader.empty()) reader.fail({Reason::kProtocolError, "MQTT-3.11.3-1", "an UNSUBACK of nothing"});
  while (!reader.empty()) unsuback.reasons.push_back(read_reason(reader, frame, "MQTT-3.11.3-2"));
}

}  // namespace inboxd::mqtt
