#include "unit/mqtt/codec_random.hpp"

#include <array>
#include <utility>

namespace inboxd::mqtt {
namespace {

template <class T, std::size_t N>
T pick(RandomPackets& random, const std::array<T, N>& values) {
  return values[random.upto(N) - 1];
}

}  // namespace

std::size_t RandomPackets::upto(std::size_t bound) {
  return std::uniform_int_distribution<std::size_t>(1, bound)(engine_);
}

std::string RandomPackets::text() {
  constexpr std::array<const char*, 6> kPieces = {
      "a", "/", " ", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
  std::string text;
  for (std::size_t left = upto(12) - 1; left > 0; --left) text += pick(*this, kPieces);
  return text;
}

std::string RandomPackets::topic() { return "t" + text(); }

/// Of lengths on both sides of each step of a variable byte integer.
std::string RandomPackets::binary() {
  constexpr std::array<std::size_t, 4> kBounds = {2, 140, 300, 20'000};
  std::string bytes(upto(pick(*this, kBounds)) - 1, '\0');
  for (char& byte : bytes) byte = static_cast<char>(engine_());
  return bytes;
}

void RandomPackets::add_user_properties(Properties& properties) {
  for (std::size_t left = upto(3) - 1; left > 0; --left) {
    properties.user_properties.emplace_back(text(), text());
  }
}

Properties RandomPackets::reason_properties() {
  Properties properties;
  if (!is_5() || chance()) return properties;
  maybe(properties.reason_string, text());
  add_user_properties(properties);
  return properties;
}

Properties RandomPackets::message_properties() {
  Properties properties;
  if (!is_5() || chance()) return properties;
  maybe(properties.payload_is_utf8, chance());
  maybe(properties.message_expiry_seconds, large_number());
  maybe(properties.content_type, text());
  maybe(properties.response_topic, topic());
  maybe(properties.correlation_data, binary());
  add_user_properties(properties);
  return properties;
}

Will RandomPackets::will() {
  Will will{topic(), binary(), qos(), chance(), message_properties()};
  if (is_5()) maybe(will.properties.will_delay_seconds, large_number());
  return will;
}

Connect RandomPackets::connect() {
  Connect connect;
  connect.version = version_;
  connect.clean_start = chance();
  connect.keep_alive_seconds = number();
  connect.client_id = text();
  if (chance()) connect.will = will();
  maybe(connect.user_name, text());
  if (connect.user_name || is_5()) maybe(connect.password, binary());
  if (!is_5()) return connect;
  maybe(connect.properties.session_expiry_seconds, large_number());
  maybe(connect.properties.receive_maximum, number());
  maybe(connect.properties.maximum_packet_size, large_number());
  maybe(connect.properties.topic_alias_maximum, number());
  maybe(connect.properties.request_response_information, chance());
  maybe(connect.properties.request_problem_information, chance());
  maybe(connect.properties.authentication_method, text());
  if (connect.properties.authentication_method) maybe(connect.properties.authentication_data, binary());
  add_user_properties(connect.properties);
  return connect;
}

Properties RandomPackets::connack_properties() {
  Properties properties = reason_properties();
  maybe(properties.session_expiry_seconds, large_number());
  maybe(properties.receive_maximum, number());
  maybe(properties.maximum_qos, static_cast<std::uint8_t>(upto(2) - 1));
  maybe(properties.retain_available, chance());
  maybe(properties.maximum_packet_size, large_number());
  maybe(properties.assigned_client_id, text());
  maybe(properties.topic_alias_maximum, number());
  maybe(properties.wildcard_subscription_available, chance());
  maybe(properties.subscription_ids_available, chance());
  maybe(properties.shared_subscription_available, chance());
  maybe(properties.server_keep_alive, number());
  maybe(properties.response_information, text());
  maybe(properties.server_reference, text());
  maybe(properties.authentication_method, text());
  maybe(properties.authentication_data, binary());
  return properties;
}

Connack RandomPackets::connack() {
  constexpr std::array kReasons = {Reason::kSuccess, Reason::kUnsupportedProtocolVersion,
                                   Reason::kServerUnavailable, Reason::kNotAuthorized};
  Connack connack;
  connack.reason = pick(*this, kReasons);
  connack.session_present = connack.reason == Reason::kSuccess && chance();
  if (is_5()) connack.properties = connack_properties();
  return connack;
}

Publish RandomPackets::publish() {
  Publish publish{topic(), binary(), qos(), false, chance(), 0, message_properties()};
  if (publish.qos != Qos::kAtMostOnce) {
    publish.dup = chance();
    publish.packet_id = number();
  }
  if (!is_5()) return publish;
  maybe(publish.properties.topic_alias, number());
  if (publish.properties.topic_alias && chance()) publish.topic.clear();
  if (receiver_ == Role::kServer) return publish;
  for (std::size_t left = upto(3) - 1; left > 0; --left) {
    publish.properties.subscription_ids.push_back(static_cast<std::uint32_t>(upto(0x0FFF'FFFF)));
  }
  return publish;
}

Acknowledgement RandomPackets::acknowledgement() {
  Acknowledgement acknowledgement;
  acknowledgement.kind = static_cast<Acknowledgement::Kind>(3 + upto(4));
  acknowledgement.packet_id = number();
  if (!is_5()) return acknowledgement;
  const bool first = acknowledgement.kind < Acknowledgement::Kind::kPubrel;
  if (chance()) {
    acknowledgement.reason = first ? Reason::kQuotaExceeded : Reason::kPacketIdentifierNotFound;
  }
  acknowledgement.properties = reason_properties();
  return acknowledgement;
}

Subscribe RandomPackets::subscribe() {
  Subscribe subscribe;
  subscribe.packet_id = number();
  for (std::size_t left = upto(4); left > 0; --left) {
    Subscription& subscription = subscribe.subscriptions.emplace_back();
    subscription.filter = topic();
    subscription.qos = qos();
    if (!is_5()) continue;
    subscription.no_local = chance();
    subscription.retain_as_published = chance();
    subscription.retain_handling = static_cast<RetainHandling>(upto(3) - 1);
  }
  if (!is_5()) return subscribe;
  if (chance()) subscribe.properties.subscription_ids = {static_cast<std::uint32_t>(upto(0x0FFF'FFFF))};
  add_user_properties(subscribe.properties);
  return subscribe;
}

Suback RandomPackets::suback() {
  Suback suback{number(), {}, reason_properties()};
  constexpr std::array kReasons = {Reason::kSuccess, Reason::kGrantedQos1, Reason::kGrantedQos2,
                                   Reason::kUnspecifiedError};
  for (std::size_t left = upto(4); left > 0; --left) suback.reasons.push_back(pick(*this, kReasons));
  return suback;
}

Unsubscribe RandomPackets::unsubscribe() {
  Unsubscribe unsubscribe;
  unsubscribe.packet_id = number();
  for (std::size_t left = upto(4); left > 0; --left) unsubscribe.filters.push_back(topic());
  if (is_5()) add_user_properties(unsubscribe.properties);
  return unsubscribe;
}

Unsuback RandomPackets::unsuback() {
  Unsuback unsuback{number(), {}, reason_properties()};
  constexpr std::array kReasons = {Reason::kSuccess, Reason::kNoSubscriptionExisted, Reason::kNotAuthorized};
  for (std::size_t left = is_5() ? upto(4) : 0; left > 0; --left) {
    unsuback.reasons.push_back(pick(*this, kReasons));
  }
  return unsuback;
}

Disconnect RandomPackets::disconnect() {
  Disconnect disconnect;
  if (!is_5()) return disconnect;
  const bool to_server = receiver_ == Role::kServer;
  if (chance()) disconnect.reason = to_server ? Reason::kDisconnectWithWill : Reason::kServerShuttingDown;
  disconnect.properties = reason_properties();
  if (to_server) maybe(disconnect.properties.session_expiry_seconds, large_number());
  if (!to_server) maybe(disconnect.properties.server_reference, text());
  return disconnect;
}

/// A PUBLISH where the version has no AUTH.
Packet RandomPackets::auth() {
  if (!is_5()) return publish();
  Auth auth{Reason::kContinueAuthentication, reason_properties()};
  auth.properties.authentication_method = text();
  maybe(auth.properties.authentication_data, binary());
  if (receiver_ == Role::kClient && chance()) return Auth{};
  return auth;
}

Packet RandomPackets::for_server() {
  switch (upto(8)) {
    case 1:
      return connect();
    case 2:
      return publish();
    case 3:
      return acknowledgement();
    case 4:
      return subscribe();
    case 5:
      return unsubscribe();
    case 6:
      return Pingreq{};
    case 7:
      return disconnect();
    default:
      return auth();
  }
}

Packet RandomPackets::for_client() {
  switch (upto(8)) {
    case 1:
      return connack();
    case 2:
      return publish();
    case 3:
      return acknowledgement();
    case 4:
      return suback();
    case 5:
      return unsuback();
    case 6:
      return Pingresp{};
    case 7:
      return is_5() ? Packet(disconnect()) : Packet(publish());
    default:
      return auth();
  }
}

Packet RandomPackets::next() { return receiver_ == Role::kServer ? for_server() : for_client(); }

}  // namespace inboxd::mqtt
