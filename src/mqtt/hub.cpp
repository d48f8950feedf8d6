#include "mqtt/hub.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace inboxd::mqtt {
namespace {

/// Client ids whose owner is remembered after their session has ended.
constexpr std::size_t kRememberedOwners = 100'000;
constexpr std::size_t kPage = 1000;
/// Of one connection; web apps have one.
constexpr std::size_t kPresences = 8;
constexpr std::string_view kConnected = R"({"connected":true})";
constexpr std::string_view kDisconnected = R"({"disconnected":true})";
/// Retained messages that are looked at for having expired, at a time.
constexpr std::size_t kSweep = 1000;

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

std::uint8_t options_byte(const SubscriptionOptions& options) noexcept {
  unsigned byte = static_cast<unsigned>(options.qos);
  if (options.no_local) byte |= 0x04U;
  if (options.retain_as_published) byte |= 0x08U;
  return static_cast<std::uint8_t>(byte);
}

SubscriptionOptions options_of(const SessionSubscription& row) noexcept {
  return {.qos = static_cast<Qos>(row.options & 0x03U),
          .no_local = (row.options & 0x04U) != 0,
          .retain_as_published = (row.options & 0x08U) != 0,
          .id = row.id};
}

/// As a PUBLISH's, to which the delay does not belong.
SessionWill stored_will(const Will& will, Millis due) {
  Properties properties = will.properties;
  const auto delay = std::exchange(properties.will_delay_seconds, std::nullopt);
  return {.topic = will.topic,
          .payload = will.payload,
          .qos = static_cast<std::uint8_t>(will.qos),
          .retain = will.retain,
          .delay_seconds = delay.value_or(0),
          .properties = properties == Properties{} ? std::string() : stored_properties(&properties),
          .due = due};
}

Will restored_will(const SessionWill& stored) {
  Will will{.topic = stored.topic,
            .payload = stored.payload,
            .qos = static_cast<Qos>(stored.qos),
            .retain = stored.retain,
            .properties = {}};
  if (const auto properties = restored_properties(stored.properties)) will.properties = *properties;
  will.properties.will_delay_seconds = stored.delay_seconds;
  return will;
}

Millis delay_of(const Will& will) { return Millis{will.properties.will_delay_seconds.value_or(0)} * 1000; }

}  // namespace

Hub::Hub(HubSettings settings, SessionStore& store, Clock& clock, EventSink& sink, MqttProbe& probe, Log& log)
    : settings_(std::move(settings)),
      store_(store),
      clock_(clock),
      sink_(sink),
      probe_(probe),
      log_(log),
      router_(settings_.inbox_roots),
      is_online_([this](SessionId id) {
        const Session* const session = by_id(id);
        return session != nullptr && session->connected();
      }),
      retained_(settings_.retained),
      owners_(kRememberedOwners) {
  load();
}

Hub::~Hub() = default;

void Hub::load() {
  last_sequence_ = store_.last_sequence();
  std::string after;
  for (auto page = store_.sessions(after, kPage); !page.empty(); page = store_.sessions(after, kPage)) {
    for (const SessionRow& row : page) restore(row);
    after = page.back().client_id;
  }
  std::string topic;
  for (auto page = store_.retained(topic, kPage); !page.empty(); page = store_.retained(topic, kPage)) {
    topic = page.back().topic;
    for (RetainedMessage& row : page) {
      retained_.put(std::make_shared<const Message>(Message{.topic = std::move(row.topic),
                                                            .payload = std::move(row.payload),
                                                            .qos = static_cast<Qos>(row.qos),
                                                            .retain = true,
                                                            .properties = restored_properties(row.properties),
                                                            .expires_at = row.expires_at}));
    }
  }
}

/// One that was connected when the process ended is as if its connection had just been lost.
void Hub::restore(const SessionRow& row) {
  Session& session = create(row.client_id);
  session.saved = true;
  own(session, row.user);
  session.expiry_seconds = row.expiry_seconds;
  session.ended_at = row.ended_at == 0 ? clock_.now() : row.ended_at;
  session.said_goodbye = row.ended_at != 0 && row.said_goodbye;
  if (row.will) {
    session.will = restored_will(*row.will);
    session.will_due = row.will->due != 0 ? row.will->due : session.ended_at + delay_of(*session.will);
  }
  for (const SessionSubscription& subscription : row.subscriptions) {
    const SubscriptionOptions options = options_of(subscription);
    session.subscriptions.emplace_back(subscription.filter, options);
    router_.subscribe(session.id, subscription.filter, options);
  }
  for (const SessionPacket& packet : store_.packets(row.client_id)) {
    if (packet.state == SessionPacket::State::kReceived) {
      session.received.emplace(packet.packet_id, true);
    } else {
      session.in_flight.restore(packet.packet_id, 0, InFlight::Phase::kReleased);
    }
  }
  session.stored = store_.queue_size(row.client_id).messages;
  if (session.stored > 0) session.newest = last_sequence_;
  session.recalled = session.stored == 0;
  if (row.ended_at == 0) save(session);
  look_after(session);
}

/// Sees to it that its will and its end come in time, where there is no connection.
void Hub::look_after(Session& session) {
  if (session.due != 0) due_.erase({session.due, session.id});
  session.due = 0;
  if (session.connected()) return;
  session.due = session.will_due;
  if (session.expires() && (session.due == 0 || session.expires_at() < session.due)) {
    session.due = session.expires_at();
  }
  if (session.due != 0) due_.emplace(session.due, session.id);
}

/// Says whose it is.
void Hub::own(Session& session, const std::string& user) {
  session.user = user;
  if (!user.empty()) per_user_[user].sessions.push_back(session.id);
}

void Hub::handle(Command command) {
  const auto found = by_connection_.find(command.from.number);
  Session* const session = found == by_connection_.end() ? nullptr : found->second;
  if (auto* attach = std::get_if<Attach>(&command.what)) return on(session, command.from, std::move(*attach));
  if (const auto* inquiry = std::get_if<Inquiry>(&command.what)) return inquiry->ask(*this);
  // Its connection was taken over, or ended by us: whatever it still said comes too late.
  if (session == nullptr) return;
  std::visit(Overloaded{[](Attach&&) {}, [](Inquiry&&) {},
                        [&](auto&& what) { on(*session, std::forward<decltype(what)>(what)); }},
             std::move(command.what));
}

// --- connections

std::optional<Reason> Hub::refusal_of(const Attach& attach) {
  const auto known = by_client_.find(attach.client_id);
  const std::string* owner =
      known != by_client_.end() ? &known->second->user : owners_.find(attach.client_id);
  if (owner != nullptr && *owner != attach.user) return Reason::kClientIdentifierNotValid;
  const bool takes_over = known != by_client_.end() && known->second->connected();
  const auto connections = per_user_.find(attach.user);
  if (!attach.user.empty() && !takes_over && connections != per_user_.end() &&
      connections->second.connections >= settings_.connections_per_user) {
    return Reason::kQuotaExceeded;
  }
  if (known == by_client_.end() && attach.session_expiry_seconds > 0 &&
      by_client_.size() - by_connection_.size() >= settings_.persistent_sessions) {
    return Reason::kQuotaExceeded;
  }
  return std::nullopt;
}

void Hub::on(Session* session, ConnectionId from, Attach&& attach) {
  if (session != nullptr) return;  // a connection attaches once
  if (const auto refused = refusal_of(attach)) {
    probe_.refused(*refused);
    return emit(from, Ended{*refused});
  }
  const auto found = by_client_.find(attach.client_id);
  Session* known = found == by_client_.end() ? nullptr : found->second.get();
  if (known != nullptr && known->connected()) {
    emit(*known->connection, Ended{Reason::kSessionTakenOver});
    end_connection(*known, true);
    // A session that ended with its connection is gone.
    const auto again = by_client_.find(attach.client_id);
    known = again == by_client_.end() ? nullptr : again->second.get();
  }
  if (known != nullptr && attach.clean_start) {
    publish_will(*known);
    remove(*known);
    known = nullptr;
  }
  const bool present = known != nullptr;
  if (!present) make_room_for(attach.user);
  Session& mine = present ? *known : create(attach.client_id);
  if (!present) own(mine, attach.user);
  emit(from, Attached{present});
  begin(mine, from, std::move(attach));
  if (present) resume(mine);
  if (present && !mine.said_goodbye) mine.used = std::make_unique<std::bitset<65'536>>();
}

/// A user who keeps making sessions and never comes back to them has his oldest forgotten.
void Hub::make_room_for(const std::string& user) {
  const auto share = per_user_.find(user);
  if (share == per_user_.end() || share->second.sessions.size() < settings_.sessions_per_user) return;
  Session* oldest = nullptr;
  for (const SessionId id : share->second.sessions) {
    Session* const session = by_id(id);
    if (!session->connected() && (oldest == nullptr || session->ended_at < oldest->ended_at))
      oldest = session;
  }
  if (oldest == nullptr) return;  // all are connected, of which there is a limit of its own
  log_.info("MQTT session forgotten: its user has too many", {{"user", user}});
  publish_will(*oldest);
  remove(*oldest);
}

Session& Hub::create(const std::string& client_id) {
  auto session = std::make_unique<Session>();
  session->id = SessionId{++last_session_};
  session->client_id = client_id;
  Session& created = *session;
  by_number_.emplace(last_session_, &created);
  by_client_.insert_or_assign(client_id, std::move(session));
  return created;
}

void Hub::begin(Session& session, ConnectionId connection, Attach&& attach) {
  session.connection = connection;
  session.peer = std::move(attach.peer);
  session.access = std::move(attach.access);
  session.version = attach.version;
  session.receive_maximum = attach.receive_maximum;
  session.expiry_seconds = attach.session_expiry_seconds;
  // One that was put off is not published where its client comes back in time (MQTT-3.1.3-9).
  session.will = std::move(attach.will);
  session.will_due = 0;
  session.overflowed = false;
  session.used.reset();
  session.connected_at = clock_.now();
  session.ended_at = 0;
  look_after(session);
  by_connection_.emplace(connection.number, &session);
  if (!session.user.empty()) ++per_user_[session.user].connections;
  // One that is to end with this connection must not come back after a crash.
  if (session.persistent() || session.saved) save(session);
  withdraw(session);
  probe_.connected();
  if (const auto key = settings_.presence_key(session.user, session.client_id)) {
    note_presence(session, *key);
    say_presence(*key, kConnected);
  }
}

/// The connection says that it is there: when it ends, this is said to be over, however it ends.
void Hub::note_presence(Session& session, const std::string& routing_key) {
  const auto known = std::find(session.presence.begin(), session.presence.end(), routing_key);
  if (known == session.presence.end() && session.presence.size() < kPresences)
    session.presence.push_back(routing_key);
}

void Hub::say_presence(const std::string& routing_key, std::string_view payload) {
  const auto queue = settings_.heard(routing_key);
  if (!queue) return;
  arrivals_.push_back({.queue = *queue,
                       .routing_key = routing_key,
                       .message = std::make_shared<const Message>(
                           Message{.topic = {}, .payload = std::make_shared<const std::string>(payload)})});
}

void Hub::forget_presence(const std::string& routing_key) { say_presence(routing_key, kDisconnected); }

void Hub::save(Session& session) {
  session.saved = true;
  SessionRow row{.client_id = session.client_id,
                 .user = session.user,
                 .expiry_seconds = session.expiry_seconds,
                 .ended_at = session.ended_at,
                 .said_goodbye = session.said_goodbye,
                 .subscriptions = {}};
  if (session.will) row.will = stored_will(*session.will, session.will_due);
  for (const auto& [filter, options] : session.subscriptions) {
    row.subscriptions.push_back({filter, options_byte(options), options.id});
  }
  commit_.sessions.push_back(std::move(row));
}

void Hub::on(Session& session, const Detach& what) {
  if (what.session_expiry_seconds) session.expiry_seconds = *what.session_expiry_seconds;
  end_connection(session, what.publish_will, what.said_goodbye);
}

void Hub::end_connection(Session& session, bool with_will, bool said_goodbye) {
  session.said_goodbye = said_goodbye;
  session.used.reset();
  by_connection_.erase(session.connection->number);
  session.connection.reset();
  session.access.reset();
  session.in_flight.disconnected();
  if (!session.user.empty()) --per_user_[session.user].connections;
  for (const std::string& key : session.presence) forget_presence(key);
  session.presence.clear();
  if (!with_will) session.will.reset();
  // At once, or when its delay is over, or its session where that is sooner (MQTT 5, 3.1.3.2.2).
  const Millis delay = session.will ? delay_of(*session.will) : 0;
  if (delay == 0 || !session.persistent()) publish_will(session);
  if (!session.persistent()) return remove(session);
  session.ended_at = clock_.now();
  if (session.will) session.will_due = session.ended_at + delay;
  save(session);
  look_after(session);
}

void Hub::publish_will(Session& session) {
  if (!session.will) return;
  Will will = *std::exchange(session.will, std::nullopt);
  session.will_due = 0;
  on(session, Publication{message_of(std::move(will.topic), std::move(will.payload), will.qos, will.retain,
                                     will.properties, clock_.now()),
                          0, false});
}

void Hub::remove(Session& session) {
  if (session.connected()) by_connection_.erase(session.connection->number);
  for (const auto& [filter, options] : session.subscriptions) router_.unsubscribe(session.id, filter);
  if (session.saved) {
    // Of one commit, removals come first: what it was to write of the session must not come after.
    const auto mine = [&](const auto& row) { return row.client_id == session.client_id; };
    std::erase_if(commit_.sessions, mine);
    std::erase_if(commit_.packets, mine);
    std::erase_if(commit_.queued, [&](const QueuedMessage& row) { return mine(row.key); });
    commit_.removed_sessions.push_back(session.client_id);
  }
  if (session.due != 0) due_.erase({session.due, session.id});
  if (const auto share = per_user_.find(session.user); share != per_user_.end()) {
    std::erase(share->second.sessions, session.id);
    if (share->second.sessions.empty()) per_user_.erase(share);
  }
  if (!session.user.empty()) owners_.put(session.client_id, session.user);
  by_number_.erase(static_cast<std::uint64_t>(session.id));
  const std::string client_id = session.client_id;
  by_client_.erase(client_id);
}

bool Hub::disconnect(std::uint64_t connection, Reason reason) {
  const auto found = by_connection_.find(connection);
  if (found == by_connection_.end()) return false;
  emit(*found->second->connection, Ended{reason});
  end_connection(*found->second, true);
  return true;
}

std::vector<ConnectionAdmin::Connection> Hub::connections(const ConnectionAdmin::Query& query) const {
  std::vector<const Session*> chosen;
  for (const auto& [number, session] : by_connection_) {
    if (number > query.after && (!query.user || session->user == *query.user)) chosen.push_back(session);
  }
  const std::size_t count = std::min(query.limit, chosen.size());
  std::partial_sort(
      chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(count), chosen.end(),
      [](const Session* a, const Session* b) { return a->connection->number < b->connection->number; });
  chosen.resize(count);
  std::vector<ConnectionAdmin::Connection> result;
  result.reserve(count);
  for (const Session* const session : chosen) {
    result.push_back({.id = session->connection->number,
                      .client_id = session->client_id,
                      .user = session->user,
                      .address = session->peer,
                      .version = session->version == Version::k5 ? "5.0" : "3.1.1",
                      .persistent = session->persistent(),
                      .connected_at = session->connected_at,
                      .subscriptions = session->subscriptions.size(),
                      .in_flight = session->in_flight.size(),
                      .queued = session->queued()});
  }
  return result;
}

void Hub::run_timers() {
  const Millis now = clock_.now();
  while (!due_.empty() && due_.begin()->first <= now) {
    Session& session = *by_id(due_.begin()->second);
    const bool ends = session.expires() && session.expires_at() <= now;
    publish_will(session);
    if (ends) {
      remove(session);
    } else {
      save(session);
      look_after(session);
    }
  }
  for (std::string& topic : retained_.sweep(now, kSweep)) forget_retained(std::move(topic));
  probe_.sessions(by_client_.size(), by_connection_.size(), retained_.size());
}

// --- subscriptions

void Hub::on(Session& session, const Reauthorize& what) {
  session.access = what.access;
  withdraw(session);
}

/// Takes back what the client's token does not grant any more. What was queued for it goes when it would be
/// sent.
void Hub::withdraw(Session& session) {
  if (session.access == nullptr) return;
  const auto withdrawn = std::erase_if(session.subscriptions, [&](const auto& subscription) {
    if (session.access->may_subscribe(subscription.first)) return false;
    router_.unsubscribe(session.id, subscription.first);
    return true;
  });
  if (withdrawn == 0) return;
  log_.info("MQTT subscriptions withdrawn: the token grants them no more",
            {{"user", session.user}, {"subscriptions", std::to_string(withdrawn)}});
  if (session.persistent()) save(session);
}

void Hub::on(Session& session, SubscribeTo&& what) {
  Subscribed answer{.packet_id = what.packet_id, .reasons = std::move(what.reasons)};
  std::vector<std::pair<std::size_t, std::vector<MessagePtr>>> retained;
  for (std::size_t i = 0; i < what.subscriptions.size(); ++i) {
    if (is_error(answer.reasons[i])) continue;
    if (session.subscriptions.size() >= settings_.subscriptions_per_session &&
        session.find_subscription(what.subscriptions[i].filter) == nullptr) {
      answer.reasons[i] = Reason::kQuotaExceeded;
      continue;
    }
    std::vector<MessagePtr> found;
    subscribe(session, what.subscriptions[i], what.subscription_id, found);
    if (!found.empty()) retained.emplace_back(i, std::move(found));
  }
  if (session.persistent()) save(session);
  // Before any message of it: clients attach their listeners when it comes (PROTOCOL 7).
  emit(*session.connection, std::move(answer));
  for (auto& [index, messages] : retained) {
    const Subscription& wanted = what.subscriptions[index];
    for (MessagePtr& message : messages) {
      Outgoing outgoing{.message = std::move(message), .qos = wanted.qos, .dup = false, .retain = true};
      if (what.subscription_id != 0) outgoing.subscription_ids.push_back(what.subscription_id);
      deliver_to(session, std::move(outgoing));
    }
  }
}

void Hub::subscribe(Session& session, const Subscription& wanted, std::uint32_t id,
                    std::vector<MessagePtr>& retained) {
  const SubscriptionOptions options{.qos = wanted.qos,
                                    .no_local = wanted.no_local,
                                    .retain_as_published = wanted.retain_as_published,
                                    .id = id};
  router_.subscribe(session.id, wanted.filter, options);
  SubscriptionOptions* const existing = session.find_subscription(wanted.filter);
  if (existing != nullptr) {
    *existing = options;
  } else {
    session.subscriptions.emplace_back(wanted.filter, options);
  }
  const bool shared = wanted.filter.starts_with("$share/");  // MQTT 5, 3.8.4: none are sent for these
  const bool wants = wanted.retain_handling == RetainHandling::kSend ||
                     (wanted.retain_handling == RetainHandling::kSendIfNew && existing == nullptr);
  if (wants && !shared) retained = retained_.find(wanted.filter, clock_.now());
}

void Hub::on(Session& session, UnsubscribeFrom&& what) {
  Unsubscribed answer{.packet_id = what.packet_id, .reasons = {}};
  for (const std::string& filter : what.filters) {
    const bool existed = session.erase_subscription(filter);
    if (existed) router_.unsubscribe(session.id, filter);
    answer.reasons.push_back(existed ? Reason::kSuccess : Reason::kNoSubscriptionExisted);
  }
  if (session.persistent()) save(session);
  emit(*session.connection, std::move(answer));
}

// --- what all have in common

void Hub::emit(ConnectionId to, decltype(Event::what) what) { events_.push_back({to, std::move(what)}); }

Session* Hub::by_id(SessionId id) {
  const auto found = by_number_.find(static_cast<std::uint64_t>(id));
  return found == by_number_.end() ? nullptr : found->second;
}

void Hub::flush() {
  for (const ConnectionId connection : std::exchange(overflowed_, {})) {
    disconnect(connection.number, Reason::kQuotaExceeded);
  }
  // What is read from the store to be sent may have to be noted there first, and so on.
  do {
    if (!commit_.empty()) {
      store_.commit(commit_);
      commit_ = {};
    }
    while (!to_pump_.empty()) {
      if (Session* const session = by_id(to_pump_.front())) pump(*session);
      to_pump_.pop_front();
    }
  } while (!commit_.empty() || !to_pump_.empty());
  for (Event& event : events_) sink_.send(std::move(event));
  events_.clear();
  sink_.flush();
}

}  // namespace inboxd::mqtt
