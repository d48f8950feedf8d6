#include "mqtt/client_connection.hpp"

#include <algorithm>
#include <utility>

namespace inboxd::mqtt {
namespace {

/// What a client is given to take our last words.
constexpr std::chrono::milliseconds kGoodbye{5'000};

std::int64_t seconds_of(Millis now) noexcept { return now / 1000; }

}  // namespace

ClientConnection::ClientConnection(Front& front)
    : front_(front),
      decoder_(Role::kServer, std::min(front.settings.max_connect_bytes, front.settings.max_packet_bytes)) {}

ClientConnection::~ClientConnection() = default;

void ClientConnection::opened(Transport& transport) {
  transport_ = &transport;
  id_ = {front_.last_connection.fetch_add(1, std::memory_order_relaxed) + 1,
         static_cast<std::uint32_t>(transport.thread())};
  front_.switchboard.add(id_, *this);
  last_heard_ = front_.clock.steady();
  deadline_ = last_heard_ + front_.settings.connect_timeout;
}

void ClientConnection::received(std::string_view bytes) {
  last_heard_ = front_.clock.steady();
  read(bytes);
  if (commands_.empty()) return;
  front_.feed.put_and_serve(std::exchange(commands_, {}));
  hold_back_if_full();
}

void ClientConnection::read(std::string_view bytes) {
  while (!bytes.empty() && state_ != State::kClosing) {
    if (state_ == State::kHeld || state_ == State::kAttaching) {
      early_.append(bytes);
      return;
    }
    auto packet = decoder_.next(bytes);
    if (!packet) return end(packet.error().reason, packet.error().detail);
    if (*packet) handle(std::move(**packet));
  }
}

void ClientConnection::read_early() {
  resume(kForAdmission);
  read(std::exchange(early_, {}));
}

void ClientConnection::pause(Pause why) {
  paused_ |= why;
  transport_->pause();
}

/// While nothing was read the client could not be heard either.
void ClientConnection::resume(Pause why) {
  if ((paused_ & why) == 0) return;
  paused_ &= ~static_cast<unsigned>(why);
  if (paused_ != 0 || state_ == State::kClosing) return;
  last_heard_ = front_.clock.steady();
  transport_->resume();
}

void ClientConnection::handle(Packet&& packet) {
  const bool connects = std::holds_alternative<Connect>(packet);
  const bool authenticates = std::holds_alternative<Auth>(packet);
  if (state_ == State::kConnecting && !connects)
    return end(Reason::kProtocolError, "the first packet is no CONNECT");
  if (state_ == State::kAuthenticating && !authenticates) {
    return end(Reason::kProtocolError, "a packet in the middle of the authentication");
  }
  std::visit([this](auto&& what) { on(std::forward<decltype(what)>(what)); }, std::move(packet));
}

void ClientConnection::tick(Time now) {
  switch (state_) {
    case State::kConnecting:
    case State::kAuthenticating:
      if (now >= deadline_) end(Reason::kKeepAliveTimeout, "no CONNECT in time");
      return;
    case State::kHeld:
      if (now >= deadline_) {
        attach();
        hand_over();
      }
      return;
    case State::kClosing:
      return;
    case State::kAttaching:
      if (now >= deadline_) end(Reason::kServerUnavailable, "no answer to the CONNECT in time");
      return;
    case State::kAttached:
      break;
  }
  if (paused_ == 0 && keep_alive_.count() > 0 && now - last_heard_ > keep_alive_) {
    return end(Reason::kKeepAliveTimeout, "nothing heard for one and a half times the keep-alive");
  }
  const auto grace = front_.settings.token_grace.count();
  if (expires_at_ && seconds_of(front_.clock.now()) >= *expires_at_ + grace) {
    return end(Reason::kNotAuthorized, "its token has expired");
  }
  if (leave_at_ && now >= *leave_at_) return end(Reason::kServerShuttingDown, "the server shuts down");
  if (slow_since_ && transport_->unsent() <= front_.settings.max_unsent / 2) drained();
  if (slow_since_ && now - *slow_since_ > front_.settings.slow_reader) {
    end(Reason::kQuotaExceeded, "the client does not take what it is sent");
  }
}

void ClientConnection::drained() {
  slow_since_.reset();
  resume(kForClient);
}

void ClientConnection::closed(CloseCause) {
  if (is_open()) {
    front_.probe.disconnected(Reason::kUnspecifiedError);
    note("MQTT connection ended", Reason::kUnspecifiedError, "the connection broke");
  }
  detach({});
  hand_over();
  front_.switchboard.remove(id_);
}

// --- towards the hub

void ClientConnection::command(decltype(Command::what) what) { commands_.push_back({id_, std::move(what)}); }

void ClientConnection::hand_over() {
  if (commands_.empty()) return;
  front_.feed.put(std::exchange(commands_, {}));
  hold_back_if_full();
}

void ClientConnection::hold_back_if_full() {
  if (state_ == State::kClosing || (paused_ & kForHub) != 0 || !front_.feed.full()) return;
  front_.switchboard.wait_for_room(id_);
  pause(kForHub);
  // It may have been emptied in between, and nobody told.
  if (!front_.feed.full()) room();
}

void ClientConnection::room() { resume(kForHub); }

void ClientConnection::detach(const Detach& how) {
  if (std::exchange(hub_has_it_, false)) command(how);
}

void ClientConnection::end(Reason reason, std::string_view why, bool hub_knows) {
  if (state_ == State::kClosing) return;
  if (hub_knows) hub_has_it_ = false;
  const bool was_connected = state_ == State::kAttached;
  note(was_connected ? "MQTT connection ended" : "MQTT connection refused", reason, why);
  if (was_connected) {
    front_.probe.disconnected(reason);
    if (version_ == Version::k5) send(Disconnect{.reason = reason, .properties = {}});
  } else {
    front_.probe.refused(reason);
    // A CONNECT that cannot be read is answered where the standard has words for it (MQTT-3.1.2-2, 3.1.1's
    // MQTT-3.1.3-8).
    const bool answered = state_ != State::kConnecting || reason == Reason::kUnsupportedProtocolVersion ||
                          reason == Reason::kClientIdentifierNotValid;
    if (answered) answer_connect(reason);
  }
  detach({});
  state_ = State::kClosing;
  hand_over();
  transport_->close_after_flush(kGoodbye);
}

// --- from the hub

void ClientConnection::take(Event&& event) {
  if (state_ == State::kClosing) return;
  std::visit([this](auto&& what) { on(std::forward<decltype(what)>(what)); }, std::move(event.what));
  hand_over();
}

void ClientConnection::on(Attached&& attached) {
  state_ = State::kAttached;
  const ConnectionSettings& settings = front_.settings;
  Connack connack{.session_present = attached.session_present, .reason = Reason::kSuccess, .properties = {}};
  Properties& properties = connack.properties;
  if (version_ == Version::k5) {
    properties.topic_alias_maximum = settings.topic_alias_maximum;
    properties.maximum_packet_size = static_cast<std::uint32_t>(settings.max_packet_bytes);
    if (connect_->client_id.empty()) properties.assigned_client_id = client_id_;
    const auto asked = connect_->properties.session_expiry_seconds.value_or(0);
    if (asked > settings.max_session_expiry) properties.session_expiry_seconds = settings.max_session_expiry;
    if (!method_.empty()) properties.authentication_method = method_;
  }
  send(connack);
  connect_.reset();
  note("MQTT connection begun", Reason::kSuccess,
       attached.session_present ? "goes on with its session" : "a new session");
  read_early();
}

void ClientConnection::on(Ended&& ended) { end(ended.reason, name_of(ended.reason), true); }

void ClientConnection::on(Acknowledge&& acknowledge) {
  using Kind = Acknowledgement::Kind;
  if (acknowledge.kind == Kind::kPuback || acknowledge.kind == Kind::kPubrec) {
    unanswered_.erase(acknowledge.packet_id);
    if (unanswered_.size() < front_.settings.unanswered) resume(kForAnswers);
  }
  send(Acknowledgement{.kind = acknowledge.kind,
                       .packet_id = acknowledge.packet_id,
                       .reason = acknowledge.reason,
                       .properties = {}});
}

void ClientConnection::on(Subscribed&& subscribed) {
  send(Suback{.packet_id = subscribed.packet_id, .reasons = std::move(subscribed.reasons), .properties = {}});
}

void ClientConnection::on(Unsubscribed&& unsubscribed) {
  send(Unsuback{
      .packet_id = unsubscribed.packet_id, .reasons = std::move(unsubscribed.reasons), .properties = {}});
}

void ClientConnection::on(Outgoing&& outgoing) {
  Properties scratch;
  const PublishParts parts = parts_of(outgoing, scratch);
  const std::size_t bytes = encoded_size(parts, version_);
  if (!may_send(outgoing, bytes)) return;
  // Only what has been sent tells the client what an alias stands for.
  if (scratch.topic_alias && !parts.topic.empty()) {
    aliases_out_.emplace(outgoing.message->topic, *scratch.topic_alias);
  }
  encode_publish(parts, version_, transport_->outbox());
  front_.probe.sent(outgoing.qos, bytes);
}

/// Under QoS 0 what the client does not take is dropped. Under QoS 1 and 2 the hub sends no more than its
/// window; one that does not take even that in time has to come again.
bool ClientConnection::may_send(const Outgoing& outgoing, std::size_t bytes) {
  if (bytes > max_packet_bytes_) {
    front_.probe.dropped(Drop::kTooLarge);
    // To the session it is as if it had been delivered (MQTT-3.1.2-25).
    if (outgoing.qos != Qos::kAtMostOnce) {
      const auto kind =
          outgoing.qos == Qos::kAtLeastOnce ? Acknowledgement::Kind::kPuback : Acknowledgement::Kind::kPubrec;
      command(Acknowledged{kind, outgoing.packet_id,
                           outgoing.qos == Qos::kAtLeastOnce ? Reason::kSuccess : Reason::kPacketTooLarge});
    }
    return false;
  }
  if (!is_slow(bytes) || outgoing.qos != Qos::kAtMostOnce) return true;
  front_.probe.dropped(Drop::kSlowReader);
  return false;
}

/// Whether with so many bytes more the client would have too many to take yet.
bool ClientConnection::is_slow(std::size_t bytes) {
  const std::size_t most = front_.settings.max_unsent;
  if (transport_->unsent() + bytes <= most) return false;
  // Of what is queued in one turn, some may be none of the client's doing.
  transport_->push();
  if (transport_->unsent() + bytes <= most) return false;
  if (!slow_since_) slow_since_ = front_.clock.steady();
  return true;
}

PublishParts ClientConnection::parts_of(const Outgoing& outgoing, Properties& scratch) const {
  const Message& message = *outgoing.message;
  PublishParts parts{.topic = message.topic,
                     .payload = *message.payload,
                     .qos = outgoing.qos,
                     .dup = outgoing.dup,
                     .retain = outgoing.retain,
                     .packet_id = outgoing.packet_id};
  if (version_ == Version::k311) return parts;
  if (message.properties) scratch = *message.properties;
  scratch.subscription_ids = outgoing.subscription_ids;
  if (message.expires_at != 0) {
    const Millis left = std::max<Millis>(message.expires_at - front_.clock.now(), 0);
    scratch.message_expiry_seconds = static_cast<std::uint32_t>((left + 999) / 1000);
  }
  if (const auto alias = aliases_out_.find(message.topic); alias != aliases_out_.end()) {
    scratch.topic_alias = alias->second;
    parts.topic = {};
  } else if (aliases_out_.size() < alias_maximum_out_) {
    scratch.topic_alias = static_cast<std::uint16_t>(aliases_out_.size() + 1);
  }
  parts.properties = &scratch;
  return parts;
}

/// The client id is a key to its session, and stays out of the log.
void ClientConnection::note(std::string_view what, Reason reason, std::string_view why) {
  front_.log.info(what, {{"connection", std::to_string(id_.number)},
                         {"user", access_ ? access_->user().str() : std::string()},
                         {"address", transport_->peer_address()},
                         {"reason", std::string(name_of(reason))},
                         {"why", std::string(why)}});
}

/// What the client asks for costs it more than it costs us: while it does not take the answers, it may ask
/// for nothing more.
void ClientConnection::send(const Packet& packet) {
  encode(packet, version_, transport_->outbox());
  if (is_slow(0)) pause(kForClient);
}

void ClientConnection::answer_connect(Reason reason) {
  send(Connack{.session_present = false, .reason = reason, .properties = {}});
}

}  // namespace inboxd::mqtt
