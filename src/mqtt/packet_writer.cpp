#include "mqtt/packet_writer.hpp"

#include "mqtt/encoder.hpp"
#include "mqtt/properties_codec.hpp"
#include "mqtt/reason_codes.hpp"
#include "mqtt/writer.hpp"

namespace inboxd::mqtt {
namespace {

unsigned code_of(Reason reason) noexcept { return static_cast<unsigned>(reason); }

unsigned flags_of(const Connect& connect) noexcept {
  unsigned flags = connect.clean_start ? connect_flag::kCleanStart : 0;
  if (connect.will) {
    flags |= connect_flag::kWill;
    flags |= static_cast<unsigned>(connect.will->qos) << connect_flag::kWillQosShift;
    if (connect.will->retain) flags |= connect_flag::kWillRetain;
  }
  if (connect.user_name) flags |= connect_flag::kUserName;
  if (connect.password) flags |= connect_flag::kPassword;
  return flags;
}

unsigned options_of(const Subscription& subscription, Version version) noexcept {
  unsigned options = static_cast<unsigned>(subscription.qos);
  if (version == Version::k311) return options;
  if (subscription.no_local) options |= subscription_option::kNoLocal;
  if (subscription.retain_as_published) options |= subscription_option::kRetainAsPublished;
  return options | static_cast<unsigned>(subscription.retain_handling)
                       << subscription_option::kRetainHandlingShift;
}

}  // namespace

template <class WriteBody>
void PacketWriter::frame(Kind kind, WriteBody write_body) {
  put_byte(out_, (static_cast<unsigned>(kind) << 4U) | fixed_flags(kind));
  const std::size_t start = out_.size();
  write_body();
  // Afterwards: none of these is large, and most have a body that is moved by one byte.
  std::string length;
  put_varint(length, out_.size() - start);
  out_.insert(start, length);
}

void PacketWriter::properties(const Properties& properties) {
  if (!is_5()) return;
  put_varint(out_, properties_bytes(properties));
  put_properties(properties, out_);
}

void PacketWriter::will(const Will& will) {
  properties(will.properties);
  put_text(out_, will.topic);
  put_text(out_, will.payload);
}

void PacketWriter::outcome(Reason reason, const Properties& properties) {
  if (!is_5()) return;
  const std::size_t bytes = properties_bytes(properties);
  if (bytes == 0 && reason == Reason::kSuccess) return;
  put_byte(out_, code_of(reason));
  if (bytes == 0) return;
  put_varint(out_, bytes);
  put_properties(properties, out_);
}

void PacketWriter::operator()(const Connect& connect) {
  version_ = connect.version;
  frame(Kind::kConnect, [&] {
    put_text(out_, kProtocolName);
    put_byte(out_, static_cast<unsigned>(connect.version));
    put_byte(out_, flags_of(connect));
    put_two_bytes(out_, connect.keep_alive_seconds);
    properties(connect.properties);
    put_text(out_, connect.client_id);
    if (connect.will) will(*connect.will);
    if (connect.user_name) put_text(out_, *connect.user_name);
    if (connect.password) put_text(out_, *connect.password);
  });
}

void PacketWriter::operator()(const Connack& connack) {
  frame(Kind::kConnack, [&] {
    put_byte(out_, connack.session_present ? 1 : 0);
    put_byte(out_, is_5() ? code_of(connack.reason) : connack_code_311(connack.reason));
    properties(connack.properties);
  });
}

void PacketWriter::operator()(const Publish& publish) {
  encode_publish({publish.topic, publish.payload, publish.qos, publish.dup, publish.retain, publish.packet_id,
                  &publish.properties},
                 version_, out_);
}

void PacketWriter::operator()(const Acknowledgement& acknowledgement) {
  frame(static_cast<Kind>(acknowledgement.kind), [&] {
    put_two_bytes(out_, acknowledgement.packet_id);
    outcome(acknowledgement.reason, acknowledgement.properties);
  });
}

void PacketWriter::operator()(const Subscribe& subscribe) {
  frame(Kind::kSubscribe, [&] {
    put_two_bytes(out_, subscribe.packet_id);
    properties(subscribe.properties);
    for (const Subscription& subscription : subscribe.subscriptions) {
      put_text(out_, subscription.filter);
      put_byte(out_, options_of(subscription, version_));
    }
  });
}

void PacketWriter::operator()(const Suback& suback) {
  frame(Kind::kSuback, [&] {
    put_two_bytes(out_, suback.packet_id);
    properties(suback.properties);
    for (const Reason reason : suback.reasons) {
      put_byte(out_, is_5() ? code_of(reason) : suback_code_311(reason));
    }
  });
}

void PacketWriter::operator()(const Unsubscribe& unsubscribe) {
  frame(Kind::kUnsubscribe, [&] {
    put_two_bytes(out_, unsubscribe.packet_id);
    properties(unsubscribe.properties);
    for (const std::string& filter : unsubscribe.filters) put_text(out_, filter);
  });
}

void PacketWriter::operator()(const Unsuback& unsuback) {
  frame(Kind::kUnsuback, [&] {
    put_two_bytes(out_, unsuback.packet_id);
    if (!is_5()) return;
    properties(unsuback.properties);
    for (const Reason reason : unsuback.reasons) put_byte(out_, code_of(reason));
  });
}

void PacketWriter::operator()(const Pingreq& /*pingreq*/) {
  frame(Kind::kPingreq, [] {});
}

void PacketWriter::operator()(const Pingresp& /*pingresp*/) {
  frame(Kind::kPingresp, [] {});
}

void PacketWriter::operator()(const Disconnect& disconnect) {
  frame(Kind::kDisconnect, [&] { outcome(disconnect.reason, disconnect.properties); });
}

void PacketWriter::operator()(const Auth& auth) {
  if (!is_5()) return;
  frame(Kind::kAuth, [&] {
    // Unlike the others it has no form with a reason and without a length of properties (3.15.2.2.1).
    if (auth == Auth{}) return;
    put_byte(out_, code_of(auth.reason));
    properties(auth.properties);
  });
}

}  // namespace inboxd::mqtt
