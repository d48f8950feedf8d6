#include <algorithm>
#include <utility>

#include "core/id.hpp"
#include "core/uuid.hpp"
#include "mqtt/client_connection.hpp"
#include "mqtt/router.hpp"
#include "mqtt/topic.hpp"

/// What a client's packets mean to its connection.
namespace inboxd::mqtt {
namespace {

constexpr std::size_t kMaxClientIdBytes = 1024;

/// As much of a topic or filter as a line of the log has room for, without the client id that a presence
/// topic ends in.
std::string shown(std::string_view topic) {
  constexpr std::size_t kMost = 255;
  constexpr std::string_view kPresence = "/presence/";
  if (const auto at = topic.find(kPresence); at != topic.npos) topic = topic.substr(0, at + kPresence.size());
  topic = topic.substr(0, kMost);
  return std::string(topic.substr(0, valid_utf8_prefix(topic)));
}

}  // namespace

// --- CONNECT and AUTH (MQTT 5, 3.1, 3.15, 4.12)

std::optional<Reason> ClientConnection::problem_of(const Connect& connect) const {
  if (connect.client_id.size() > kMaxClientIdBytes) return Reason::kClientIdentifierNotValid;
  // MQTT 3.1.1 has no way to tell a client its name (MQTT-3.1.3-8).
  if (connect.client_id.empty() && connect.version == Version::k311 && !connect.clean_start) {
    return Reason::kClientIdentifierNotValid;
  }
  const auto& method = connect.properties.authentication_method;
  if (method && *method != Authenticator::kMethod) return Reason::kBadAuthenticationMethod;
  return std::nullopt;
}

void ClientConnection::on(Connect&& connect) {
  if (state_ != State::kConnecting) return end(Reason::kProtocolError, "a second CONNECT");
  version_ = connect.version;
  state_ = State::kAuthenticating;  // from here on a refusal is answered
  if (const auto problem = problem_of(connect)) return end(*problem, name_of(*problem));
  method_ = connect.properties.authentication_method.value_or("");
  max_packet_bytes_ = connect.properties.maximum_packet_size.value_or(0xFFFFFFFF);
  alias_maximum_out_ =
      std::min(connect.properties.topic_alias_maximum.value_or(0), front_.settings.topic_alias_maximum);
  keep_alive_ = std::chrono::milliseconds(connect.keep_alive_seconds * 1500);
  connect_ = std::make_unique<Connect>(std::move(connect));
  if (method_.empty()) return authenticate(connect_->password.value_or(""));
  if (const auto& data = connect_->properties.authentication_data) return authenticate(*data);
  Auth more{.reason = Reason::kContinueAuthentication, .properties = {}};
  more.properties.authentication_method = method_;
  send(more);
}

void ClientConnection::on(Auth&& auth) {
  const auto& method = auth.properties.authentication_method;
  if (method_.empty() || !method || *method != method_) {
    return end(Reason::kProtocolError, "an AUTH of another method than that of the CONNECT");
  }
  const std::string token = auth.properties.authentication_data.value_or("");
  if (state_ == State::kAuthenticating) return authenticate(token);
  auto identity = front_.authenticator.authenticate(token, front_.clock.now() / 1000);
  if (!identity) return end(Reason::kNotAuthorized, identity.error());
  if (identity->access.user() != access_->user()) {
    return end(Reason::kNotAuthorized, "another user's token cannot take the place of the first");
  }
  access_ = std::make_shared<const Access>(std::move(identity->access));
  expires_at_ = identity->expires_at;
  command(Reauthorize{access_});
  Auth done{.reason = Reason::kSuccess, .properties = {}};
  done.properties.authentication_method = method_;
  send(done);
}

void ClientConnection::authenticate(std::string_view token) {
  auto identity = front_.authenticator.authenticate(token, front_.clock.now() / 1000);
  if (!identity) return end(Reason::kBadUserNameOrPassword, identity.error());
  access_ = std::make_shared<const Access>(std::move(identity->access));
  expires_at_ = identity->expires_at;
  decoder_.limit(front_.settings.max_packet_bytes);
  const auto& will = connect_->will;
  if (will && !access_->may_publish(will->topic)) {
    front_.probe.unauthorized("will");
    return end(Reason::kNotAuthorized, "the token does not grant its will's topic");
  }
  admit();
}

void ClientConnection::admit() {
  client_id_ = connect_->client_id;
  if (client_id_.empty()) client_id_ = front_.new_client_id();
  const auto& who = access_->user().empty() ? client_id_ : access_->user().str();
  const auto wait = front_.flaps.connects(who, last_heard_);
  if (!wait) return end(Reason::kConnectionRateExceeded, "it connects too often");
  pause(kForAdmission);
  if (wait->count() == 0) return attach();
  state_ = State::kHeld;
  deadline_ = last_heard_ + *wait;
}

void ClientConnection::attach() {
  state_ = State::kAttaching;
  deadline_ = front_.clock.steady() + front_.settings.connect_timeout;
  hub_has_it_ = true;
  const ConnectionSettings& settings = front_.settings;
  const bool lasting_311 = version_ == Version::k311 && !connect_->clean_start;
  const std::uint32_t asked =
      lasting_311 ? settings.max_session_expiry : connect_->properties.session_expiry_seconds.value_or(0);
  lasting_ = asked > 0;
  command(Attach{.client_id = client_id_,
                 .user = access_->user().str(),
                 .peer = transport_->peer_address(),
                 .version = version_,
                 .clean_start = connect_->clean_start,
                 .session_expiry_seconds = std::min(asked, settings.max_session_expiry),
                 .receive_maximum = connect_->properties.receive_maximum.value_or(65'535),
                 .will = std::exchange(connect_->will, std::nullopt),
                 .access = access_});
}

// --- PUBLISH (3.3)

void ClientConnection::on(Publish&& publish) {
  if (!resolve_alias(publish)) return;
  front_.probe.received(publish.qos, publish.topic.size() + publish.payload.size());
  if (const auto problem = problem_of(publish)) return refuse(publish, *problem);
  count(publish);
  command(Publication{.message = message_of(std::move(publish.topic), std::move(publish.payload), publish.qos,
                                            publish.retain, publish.properties, front_.clock.now()),
                      .packet_id = publish.packet_id,
                      .dup = publish.dup,
                      .replay_of = replay_of(publish.properties)});
}

/// The dead letter that it replays: only an administrator can say so.
std::string ClientConnection::replay_of(const Properties& properties) const {
  if (!access_->admin()) return {};
  for (const auto& [name, value] : properties.user_properties) {
    if (name == kReplayHeader) return value;
  }
  return {};
}

bool ClientConnection::resolve_alias(Publish& publish) {
  const auto alias = publish.properties.topic_alias;
  if (!alias) return true;
  if (*alias > front_.settings.topic_alias_maximum) {
    end(Reason::kTopicAliasInvalid, "a topic alias above the maximum");
    return false;
  }
  if (aliases_in_.size() < *alias) aliases_in_.resize(*alias);
  std::string& known = aliases_in_[*alias - 1U];
  if (!publish.topic.empty()) {
    known = publish.topic;
  } else if (known.empty()) {
    end(Reason::kProtocolError, "a topic alias that nothing was said of");
    return false;
  } else {
    publish.topic = known;
  }
  return true;
}

std::optional<Reason> ClientConnection::problem_of(const Publish& publish) {
  if (!access_->may_publish(publish.topic)) {
    front_.probe.unauthorized("publish");
    return Reason::kNotAuthorized;
  }
  if (publish.properties.payload_is_utf8.value_or(false) && !is_valid_utf8(publish.payload)) {
    return Reason::kPayloadFormatInvalid;
  }
  return std::nullopt;
}

/// Only an acknowledgement of MQTT 5 can say no; otherwise the end of the connection says it.
void ClientConnection::refuse(const Publish& publish, Reason reason) {
  front_.log.info("MQTT publication refused", {{"reason", std::string(name_of(reason))},
                                               {"user", access_->user().str()},
                                               {"topic", shown(publish.topic)}});
  if (version_ == Version::k311 || publish.qos == Qos::kAtMostOnce) {
    return end(reason, "a publication that it may not make");
  }
  send(Acknowledgement{.kind = publish.qos == Qos::kAtLeastOnce ? Acknowledgement::Kind::kPuback
                                                                : Acknowledgement::Kind::kPubrec,
                       .packet_id = publish.packet_id,
                       .reason = reason,
                       .properties = {}});
}

void ClientConnection::count(const Publish& publish) {
  if (publish.packet_id == 0) return;
  unanswered_.insert(publish.packet_id);
  if (unanswered_.size() >= front_.settings.unanswered) pause(kForAnswers);
}

void ClientConnection::on(Acknowledgement&& acknowledgement) {
  command(Acknowledged{acknowledgement.kind, acknowledgement.packet_id, acknowledgement.reason});
}

// --- SUBSCRIBE, UNSUBSCRIBE (3.8, 3.10)

Reason ClientConnection::judge(const Subscription& subscription) const {
  if (!is_valid_filter(subscription.filter) || is_too_deep(subscription.filter))
    return Reason::kTopicFilterInvalid;
  if (!access_->may_subscribe(subscription.filter)) {
    front_.probe.unauthorized("subscribe");
    return Reason::kNotAuthorized;
  }
  return static_cast<Reason>(subscription.qos);
}

/// Once for a packet, which may hold very many.
void ClientConnection::note_refused_filters(const Subscribe& subscribe, const std::vector<Reason>& reasons) {
  const auto first = std::find_if(reasons.begin(), reasons.end(), is_error);
  if (first == reasons.end()) return;
  const auto& filter = subscribe.subscriptions[static_cast<std::size_t>(first - reasons.begin())].filter;
  front_.log.info("MQTT subscription refused",
                  {{"reason", std::string(name_of(*first))},
                   {"user", access_->user().str()},
                   {"filter", shown(filter)},
                   {"refused", std::to_string(std::count_if(first, reasons.end(), is_error))}});
}

void ClientConnection::on(Subscribe&& subscribe) {
  if (subscribe.subscriptions.size() > front_.settings.subscriptions_per_packet) {
    return end(Reason::kQuotaExceeded, "too many filters in one SUBSCRIBE");
  }
  SubscribeTo wanted{.packet_id = subscribe.packet_id, .subscriptions = {}, .reasons = {}};
  for (const Subscription& subscription : subscribe.subscriptions) {
    if (subscription.no_local && shared_filter(subscription.filter)) {
      return end(Reason::kProtocolError, "No Local on a shared subscription");  // MQTT-3.8.3-4
    }
    wanted.reasons.push_back(judge(subscription));
  }
  note_refused_filters(subscribe, wanted.reasons);
  if (!subscribe.properties.subscription_ids.empty()) {
    wanted.subscription_id = subscribe.properties.subscription_ids.front();
  }
  wanted.subscriptions = std::move(subscribe.subscriptions);
  command(std::move(wanted));
}

void ClientConnection::on(Unsubscribe&& unsubscribe) {
  command(UnsubscribeFrom{.packet_id = unsubscribe.packet_id, .filters = std::move(unsubscribe.filters)});
}

// --- the rest

void ClientConnection::on(Pingreq&&) { send(Pingresp{}); }

void ClientConnection::on(Disconnect&& disconnect) {
  const bool with_will = disconnect.reason != Reason::kSuccess;
  auto expiry = disconnect.properties.session_expiry_seconds;
  if (expiry.value_or(0) > 0 && !lasting_) {  // 3.14.2.2.2
    return end(Reason::kProtocolError, "a DISCONNECT that prolongs a session which was to end with it");
  }
  if (expiry) expiry = std::min(*expiry, front_.settings.max_session_expiry);
  front_.probe.disconnected(Reason::kSuccess);
  note("MQTT connection ended", disconnect.reason, "DISCONNECT");
  detach({.said_goodbye = true, .publish_will = with_will, .session_expiry_seconds = expiry});
  state_ = State::kClosing;
  hand_over();
  transport_->close_after_flush(std::chrono::milliseconds(0));
}

}  // namespace inboxd::mqtt
