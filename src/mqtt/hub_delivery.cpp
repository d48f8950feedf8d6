#include <algorithm>
#include <utility>

#include "mqtt/hub.hpp"

/// How messages reach the hub's sessions, under which quality of service (MQTT 5, 4.3).
namespace inboxd::mqtt {
namespace {

Outgoing outgoing_of(const QueuedMessage& row) {
  auto properties = restored_properties(row.properties);
  std::vector<std::uint32_t> ids;
  if (properties) ids = properties->subscription_ids;
  return {.message = std::make_shared<const Message>(Message{.topic = row.topic,
                                                             .payload = row.payload,
                                                             .qos = static_cast<Qos>(row.qos),
                                                             .retain = row.retain,
                                                             .properties = std::move(properties),
                                                             .expires_at = row.expires_at}),
          .qos = static_cast<Qos>(row.qos),
          .dup = false,
          .retain = row.retain,
          .packet_id = 0,
          .subscription_ids = std::move(ids)};
}

std::string routing_key_of(std::string_view topic) {
  std::string key(topic);
  std::replace(key.begin(), key.end(), '/', '.');
  return key;
}

}  // namespace

// --- from clients

void Hub::on(Session& session, Publication&& what) {
  const bool once = what.message->qos == Qos::kExactlyOnce && what.packet_id != 0;
  if (once) {
    const auto [known, is_new] = session.received.emplace(what.packet_id, false);
    if (!is_new) {
      // The client did not hear that it was received (MQTT-4.3.3-10); where it is not durable yet, it will.
      if (known->second)
        acknowledge(session, Acknowledgement::Kind::kPubrec, what.packet_id, Reason::kSuccess);
      return;
    }
  }
  std::string key = routing_key_of(what.message->topic);
  if (const auto heard = settings_.heard(key))
    return arrive(session, *heard, std::move(key), std::move(what));
  if (what.message->retain) keep(what.message);
  const std::size_t reached = deliver(what.message, session.id);
  if (what.packet_id == 0) return;
  const Reason reason = reached == 0 ? Reason::kNoMatchingSubscribers : Reason::kSuccess;
  if (once) return received(session, what.packet_id, reason);
  acknowledge(session, Acknowledgement::Kind::kPuback, what.packet_id, reason);
}

/// Whether it may have been sent before: by its own word, or because the connection on which it would have
/// been acknowledged broke.
bool Hub::may_be_repeated(Session& session, const Publication& what) {
  if (what.packet_id == 0 || session.used == nullptr) return what.dup;
  const bool first = !session.used->test(what.packet_id);
  session.used->set(what.packet_id);
  return what.dup || first;
}

void Hub::arrive(Session& session, Queue queue, std::string key, Publication&& what) {
  const bool repeated = may_be_repeated(session, what);
  if (settings_.presence_key(session.user, session.client_id) &&
      key.find(".presence.") != std::string::npos) {
    note_presence(session, key);
  }
  arrivals_.push_back({.queue = queue,
                       .routing_key = std::move(key),
                       .message = std::move(what.message),
                       .dup = repeated,
                       .packet_id = what.packet_id,
                       .session = session.id,
                       .connection = session.connection,
                       .client_id = session.client_id,
                       .replay_of = std::move(what.replay_of)});
}

std::deque<Arrival> Hub::take_arrivals() { return std::exchange(arrivals_, {}); }

void Hub::committed(const Arrival& arrival) {
  if (!arrival.message->topic.empty()) deliver(arrival.message, arrival.session);
  if (arrival.packet_id == 0) return;
  Session* const session = by_id(arrival.session);
  if (session == nullptr) return;
  if (arrival.message->qos == Qos::kExactlyOnce)
    return received(*session, arrival.packet_id, Reason::kSuccess);
  // On another connection the packet id may stand for another message by now.
  if (session->connection == arrival.connection) {
    acknowledge(*session, Acknowledgement::Kind::kPuback, arrival.packet_id, Reason::kSuccess);
  }
}

/// A QoS 2 publication is taken: whatever is sent again under its packet id is that one.
void Hub::received(Session& session, PacketId id, Reason reason) {
  session.received[id] = true;
  if (session.persistent()) {
    keep_packet(session, SessionPacket::State::kReceived, id);
  }
  acknowledge(session, Acknowledgement::Kind::kPubrec, id, reason);
}

void Hub::acknowledge(Session& session, Acknowledgement::Kind kind, PacketId id, Reason reason) {
  if (session.connected()) emit(*session.connection, Acknowledge{kind, id, reason});
}

// --- retained messages (MQTT 5, 3.3.1.3)

void Hub::keep(const MessagePtr& message) {
  if (message->payload->empty()) {
    retained_.remove(message->topic);
    return forget_retained(message->topic);
  }
  if (!retained_.put(message)) return probe_.dropped(Drop::kRetainedFull);
  commit_.retained.push_back({.topic = message->topic,
                              .payload = message->payload,
                              .qos = static_cast<std::uint8_t>(message->qos),
                              .stored_at = clock_.now(),
                              .expires_at = message->expires_at,
                              .properties = stored_properties(message->properties.get())});
}

void Hub::forget_retained(std::string topic) {
  std::erase_if(commit_.retained, [&](const RetainedMessage& row) { return row.topic == topic; });
  commit_.removed_retained.push_back(std::move(topic));
}

// --- to subscribers

void Hub::publish(const MessagePtr& message) { deliver(message, kNoSession); }

std::size_t Hub::deliver(const MessagePtr& message, SessionId publisher) {
  matches_.clear();
  router_.match(message->topic, publisher, is_online_, matches_);
  for (Match& match : matches_) {
    Session* const session = by_id(match.session);
    if (session == nullptr) continue;
    deliver_to(*session, {.message = message,
                          .qos = match.qos,
                          .dup = false,
                          .retain = match.retain_as_published && message->retain,
                          .packet_id = 0,
                          .subscription_ids = std::move(match.ids)});
  }
  return matches_.size();
}

void Hub::deliver_to(Session& session, Outgoing outgoing) {
  outgoing.qos = std::min(outgoing.qos, outgoing.message->qos);
  if (outgoing.qos != Qos::kAtMostOnce) {
    return session.persistent() ? queue_in_store(session, std::move(outgoing))
                                : queue_here(session, std::move(outgoing));
  }
  if (session.connected()) return emit(*session.connection, std::move(outgoing));
  probe_.dropped(Drop::kOffline);
}

/// A session without persistence is connected, or it would not be.
void Hub::queue_here(Session& session, Outgoing outgoing) {
  const SessionLimits& limits = settings_.sessions;
  if (session.overflowed) return probe_.dropped(Drop::kQueueFull);
  if (session.waiting.empty() && !session.has_backlog() &&
      session.has_window(limits, outgoing.message->bytes())) {
    send_in_flight(session, std::move(outgoing), 0);
    return;
  }
  session.waiting_bytes += outgoing.message->bytes();
  session.waiting.push_back(std::move(outgoing));
  if (session.waiting.size() <= limits.queued_messages && session.waiting_bytes <= limits.queued_bytes)
    return;
  // Not here: the message may be on its way to others yet.
  session.overflowed = true;
  overflowed_.push_back(*session.connection);
}

/// A persistent session's message is in the store first, and stays there until it is acknowledged.
void Hub::queue_in_store(Session& session, Outgoing outgoing) {
  const SessionLimits& limits = settings_.sessions;
  if (session.stored >= limits.queued_messages) return probe_.dropped(Drop::kQueueFull);
  const Message& message = *outgoing.message;
  QueuedMessage row{.key = {session.client_id, ++last_sequence_},
                    .topic = message.topic,
                    .payload = message.payload,
                    .qos = static_cast<std::uint8_t>(outgoing.qos),
                    .retain = outgoing.retain,
                    .packet_id = 0,
                    .expires_at = message.expires_at,
                    .properties = stored_properties(message.properties.get(), outgoing.subscription_ids)};
  ++session.stored;
  const bool first = !session.has_backlog();
  session.newest = row.key.sequence;
  if (first && session.connected() && session.has_window(limits, message.bytes())) {
    const Qos qos = outgoing.qos;
    session.read_up_to = row.key.sequence;
    const PacketId id = send_in_flight(session, std::move(outgoing), row.key.sequence);
    if (qos == Qos::kExactlyOnce) row.packet_id = id;
  }
  commit_.queued.push_back(std::move(row));
}

PacketId Hub::send_in_flight(Session& session, Outgoing outgoing, std::uint64_t sequence) {
  outgoing.packet_id = session.in_flight.add(sequence, outgoing.qos, outgoing.message->bytes());
  const PacketId id = outgoing.packet_id;
  emit(*session.connection, std::move(outgoing));
  return id;
}

// --- what clients acknowledge

void Hub::on(Session& session, const Acknowledged& what) {
  using Kind = Acknowledgement::Kind;
  if (what.kind == Kind::kPubrel) {
    const bool known = session.received.erase(what.packet_id) != 0;
    if (known && session.persistent()) {
      drop_packet(session, SessionPacket::State::kReceived, what.packet_id);
    }
    return acknowledge(session, Kind::kPubcomp, what.packet_id, Reason::kSuccess);
  }
  const InFlight::Entry* const entry = session.in_flight.find(what.packet_id);
  if (what.kind == Kind::kPubrec) {
    // Without an entry, the answer to it says so (MQTT 5, 3.6.2.1); a reason that is an error ends it.
    if (entry != nullptr && entry->qos == Qos::kExactlyOnce && is_error(what.reason)) {
      taken(session, *entry);
      session.in_flight.erase(what.packet_id);
      return to_pump_.push_back(session.id);
    }
    if (is_error(what.reason)) return;
    if (entry != nullptr && entry->phase == InFlight::Phase::kPublished) {
      taken(session, *entry);
      session.in_flight.released(what.packet_id);
      to_pump_.push_back(session.id);
      if (session.persistent()) {
        keep_packet(session, SessionPacket::State::kReleased, what.packet_id);
      }
    }
    return acknowledge(session, Kind::kPubrel, what.packet_id,
                       entry != nullptr ? Reason::kSuccess : Reason::kPacketIdentifierNotFound);
  }
  const bool fits =
      entry != nullptr && (what.kind == Kind::kPuback ? entry->qos == Qos::kAtLeastOnce
                                                      : entry->phase == InFlight::Phase::kReleased);
  if (!fits) return;
  if (what.kind == Kind::kPubcomp && session.persistent()) {
    drop_packet(session, SessionPacket::State::kReleased, what.packet_id);
  }
  taken(session, *entry);
  session.in_flight.erase(what.packet_id);
  to_pump_.push_back(session.id);
}

void Hub::keep_packet(const Session& session, SessionPacket::State state, PacketId id) {
  commit_.packets.push_back({session.client_id, state, id});
}

void Hub::drop_packet(const Session& session, SessionPacket::State state, PacketId id) {
  SessionPacket packet{session.client_id, state, id};
  std::erase(commit_.packets, packet);
  commit_.removed_packets.push_back(std::move(packet));
}

/// The message is the client's now: the store need not keep it.
void Hub::taken(Session& session, const InFlight::Entry& entry) {
  if (entry.sequence != 0) drop_stored(session, entry.sequence);
}

void Hub::drop_stored(Session& session, std::uint64_t sequence) {
  commit_.removed_queued.push_back({session.client_id, sequence});
  --session.stored;
}

// --- what waits

/// After a connection is made anew: what was under way when the last one ended is sent again, in its order
/// and under the packet ids that it had (MQTT-4.4.0-1), as the window allows. So reading begins again where
/// the first of it lies.
void Hub::resume(Session& session) {
  for (const PacketId id : session.in_flight.all_released()) {
    acknowledge(session, Acknowledgement::Kind::kPubrel, id, Reason::kSuccess);
  }
  if (const auto first = session.in_flight.first_sequence()) {
    session.read_up_to = std::min(session.read_up_to, *first - 1);
  }
  to_pump_.push_back(session.id);
}

/// For flush() alone, when all that was to be in the store is there.
void Hub::pump(Session& session) {
  if (!session.connected()) return;
  if (!session.recalled) recall(session);
  // A session that is persistent no more may have messages in the store yet, which come first.
  pump_store(session);
  if (!session.has_backlog()) pump_here(session);
}

/// After a start of the process: the packet ids that its queue says are given (MQTT-2.2.1-4) must not be
/// given again. They are at its beginning.
void Hub::recall(Session& session) {
  std::uint64_t after = 0;
  std::size_t left = settings_.sessions.in_flight;
  while (left > 0) {
    const auto rows = store_.queue(session.client_id, after, left, kMaxReadBytes);
    if (rows.empty()) break;
    for (const QueuedMessage& row : rows) {
      if (row.packet_id != 0)
        session.in_flight.restore(row.packet_id, row.key.sequence, InFlight::Phase::kPublished);
    }
    left -= rows.size();
    after = rows.back().key.sequence;
  }
  session.recalled = true;
}

void Hub::pump_here(Session& session) {
  while (!session.waiting.empty() &&
         session.has_window(settings_.sessions, session.waiting.front().message->bytes())) {
    Outgoing next = std::move(session.waiting.front());
    session.waiting.pop_front();
    session.waiting_bytes -= next.message->bytes();
    if (next.message->has_expired(clock_.now())) {
      probe_.dropped(Drop::kExpired);
      continue;
    }
    send_in_flight(session, std::move(next), 0);
  }
}

void Hub::pump_store(Session& session) {
  const SessionLimits& limits = settings_.sessions;
  while (session.has_backlog() && session.has_window(limits, 0)) {
    const std::size_t room =
        limits.in_flight_bytes - std::min(limits.in_flight_bytes, session.in_flight.outstanding_bytes());
    const auto rows = store_.queue(session.client_id, session.read_up_to,
                                   session.window(limits) - session.in_flight.outstanding(), room);
    if (rows.empty()) {
      session.read_up_to = session.newest;
      session.in_flight.forget_unsent();
      return;
    }
    for (const QueuedMessage& row : rows) {
      if (!send_stored(session, row)) return;
    }
  }
}

/// Whether it was dealt with: not where the window does not allow it.
bool Hub::send_stored(Session& session, const QueuedMessage& row) {
  const auto sent_as = session.in_flight.find_sequence(row.key.sequence);
  const bool has_expired = !sent_as && row.expires_at != 0 && clock_.now() >= row.expires_at;
  // Its client's token may grant less than when it was queued.
  const bool is_granted = session.access == nullptr || session.access->may_subscribe(row.topic);
  if (has_expired || !is_granted) {
    session.read_up_to = row.key.sequence;
    if (sent_as) session.in_flight.erase(*sent_as);
    probe_.dropped(has_expired ? Drop::kExpired : Drop::kUnauthorized);
    drop_stored(session, row.key.sequence);
    return true;
  }
  Outgoing outgoing = outgoing_of(row);
  if (!session.has_window(settings_.sessions, outgoing.message->bytes())) return false;
  session.read_up_to = row.key.sequence;
  if (sent_as) {
    session.in_flight.sent_again(*sent_as, outgoing.message->bytes());
    outgoing.dup = true;
    outgoing.packet_id = *sent_as;
    emit(*session.connection, std::move(outgoing));
    return true;
  }
  const bool once = outgoing.qos == Qos::kExactlyOnce;
  const PacketId id = send_in_flight(session, std::move(outgoing), row.key.sequence);
  if (!once) return true;
  QueuedMessage numbered = row;
  numbered.packet_id = id;
  commit_.queued.push_back(std::move(numbered));
  return true;
}

}  // namespace inboxd::mqtt
