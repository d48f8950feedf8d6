#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/lru_cache.hpp"
#include "engine/ports.hpp"
#include "engine/session_store.hpp"
#include "mqtt/commands.hpp"
#include "mqtt/probe.hpp"
#include "mqtt/retained.hpp"
#include "mqtt/router.hpp"
#include "mqtt/session.hpp"

namespace inboxd::mqtt {

struct HubSettings {
  SessionLimits sessions;
  std::size_t connections_per_user = 100;
  /// Of persistent ones, connected or not; beyond, the one of his that has been away longest makes room.
  std::size_t sessions_per_user = 100;
  std::size_t persistent_sessions = 100'000;
  std::size_t subscriptions_per_session = 1'000;
  RetainedLimits retained;
  std::vector<std::string> inbox_roots;  ///< what users' inboxes lie below, as Router takes them
  /// Which of the engine's queues hears a topic, given as routing key; nothing for all others.
  std::function<std::optional<Queue>(std::string_view routing_key)> heard;
  /// Where a user's connection is told of, by client id; nothing where presence is not counted, or the client
  /// id cannot be part of a topic.
  std::function<std::optional<std::string>(const std::string& user, const std::string& client_id)>
      presence_key = [](const std::string&, const std::string&) { return std::nullopt; };
};

/// A client's publication that the engine is to decide. Its sender is answered when that is committed.
struct Arrival {
  Queue queue = Queue::kMessages;
  std::string routing_key;
  MessagePtr message;
  bool dup = false;
  bool redelivered = false;  ///< it was handed out before, to a session of the engine's that was lost
  PacketId packet_id = 0;    ///< 0 for QoS 0, and for what is no client's
  SessionId session{};
  std::optional<ConnectionId> connection = {};  ///< whose acknowledgement it waits for
  std::string client_id = {};
  std::string request = {};    ///< as Delivery's
  std::string replay_of = {};  ///< likewise
};

/// The broker itself: sessions, subscriptions, retained messages, and who gets what. Does no I/O but through
/// the session store; for one thread, the engine's.
///
/// What commands lead to is collected; flush() makes it durable and then lets the events go, so that no
/// client is told what a crash could take back.
class Hub {
 public:
  /// What it is given must outlive it. Reads the store's sessions and retained messages. Throws StoreError.
  Hub(HubSettings settings, SessionStore& store, Clock& clock, EventSink& sink, MqttProbe& probe, Log& log);
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  void handle(Command command);

  /// A message of the engine's own, or of a client of the engine, to its subscribers.
  void publish(const MessagePtr& message);

  /// Something else that the engine is to decide.
  void arrive(Arrival arrival) { arrivals_.push_back(std::move(arrival)); }
  /// What came for the engine since the last call.
  std::deque<Arrival> take_arrivals();
  /// The engine has committed it: whoever sent it is told so, and those who listen to that very topic hear
  /// it.
  void committed(const Arrival& arrival);

  /// The connection that this presence key was about is gone.
  void forget_presence(const std::string& routing_key);

  /// Carries out what is due: wills, and the end of sessions.
  void run_timers();

  /// Throws StoreError; what was to be committed then waits for the next call.
  void flush();

  /// Ends a connection, as an administrator asks. Whether there is one.
  bool disconnect(std::uint64_t connection, Reason reason);

  /// What connections there are, as ConnectionAdmin has it.
  std::vector<ConnectionAdmin::Connection> connections(const ConnectionAdmin::Query& query) const;

  std::size_t sessions() const noexcept { return by_client_.size(); }

 private:
  void load();
  void restore(const SessionRow& row);

  void on(Session* session, ConnectionId from, Attach&& attach);
  void on(Session& session, const Reauthorize& what);
  void on(Session& session, SubscribeTo&& what);
  void on(Session& session, UnsubscribeFrom&& what);
  void on(Session& session, Publication&& what);
  void on(Session& session, const Acknowledged& what);
  void on(Session& session, const Detach& what);

  std::optional<Reason> refusal_of(const Attach& attach);
  Session& create(const std::string& client_id);
  void begin(Session& session, ConnectionId connection, Attach&& attach);
  void resume(Session& session);
  void recall(Session& session);
  void end_connection(Session& session, bool with_will, bool said_goodbye = false);
  void remove(Session& session);
  void make_room_for(const std::string& user);
  void withdraw(Session& session);
  void save(Session& session);
  void keep_packet(const Session& session, SessionPacket::State state, PacketId id);
  void drop_packet(const Session& session, SessionPacket::State state, PacketId id);
  void publish_will(Session& session);
  void look_after(Session& session);
  void own(Session& session, const std::string& user);

  void subscribe(Session& session, const Subscription& wanted, std::uint32_t id,
                 std::vector<MessagePtr>& retained);
  std::size_t deliver(const MessagePtr& message, SessionId publisher);
  void deliver_to(Session& session, Outgoing outgoing);
  void queue_here(Session& session, Outgoing outgoing);
  void queue_in_store(Session& session, Outgoing outgoing);
  PacketId send_in_flight(Session& session, Outgoing outgoing, std::uint64_t sequence);
  void keep(const MessagePtr& message);
  void forget_retained(std::string topic);
  void pump(Session& session);
  void pump_here(Session& session);
  void pump_store(Session& session);
  bool send_stored(Session& session, const QueuedMessage& row);
  void drop_stored(Session& session, std::uint64_t sequence);
  void received(Session& session, PacketId id, Reason reason);
  void taken(Session& session, const InFlight::Entry& entry);
  void acknowledge(Session& session, Acknowledgement::Kind kind, PacketId id, Reason reason);
  void emit(ConnectionId to, decltype(Event::what) what);
  Session* by_id(SessionId id);

  void note_presence(Session& session, const std::string& routing_key);
  void say_presence(const std::string& routing_key, std::string_view payload);
  static bool may_be_repeated(Session& session, const Publication& what);
  void arrive(Session& session, Queue queue, std::string key, Publication&& what);

  const HubSettings settings_;
  SessionStore& store_;
  Clock& clock_;
  EventSink& sink_;
  MqttProbe& probe_;
  Log& log_;

  Router router_;
  const Router::Online is_online_;
  Retained retained_;
  std::unordered_map<std::string, std::unique_ptr<Session>> by_client_;
  std::unordered_map<std::uint64_t, Session*> by_connection_;
  std::unordered_map<std::uint64_t, Session*> by_number_;  ///< by SessionId
  /// Of one user. Nobody is counted where there is no authentication.
  struct Share {
    std::size_t connections = 0;
    std::vector<SessionId> sessions;
  };
  std::unordered_map<std::string, Share> per_user_;
  LruCache<std::string, std::string> owners_;  ///< of client ids whose sessions ended
  /// When to look after which session: its will, or its end. Each has one place at most, by Session::due.
  std::set<std::pair<Millis, SessionId>> due_;
  std::uint64_t last_session_ = 0;
  std::uint64_t last_sequence_ = 0;

  SessionCommit commit_;
  std::vector<Event> events_;
  std::deque<SessionId> to_pump_;
  std::vector<ConnectionId> overflowed_;
  std::deque<Arrival> arrivals_;
  std::vector<Match> matches_;  ///< of the message in hand; kept for its memory
};

}  // namespace inboxd::mqtt
