#pragma once

#include <algorithm>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/session_store.hpp"
#include "mqtt/commands.hpp"
#include "mqtt/subscribers.hpp"

namespace inboxd::mqtt {

/// How much may be on its way to one client.
struct SessionLimits {
  std::size_t in_flight = 256;  ///< QoS 1 and 2 sent and not acknowledged
  /// Likewise, in bytes; one message may always be. A connection is never sent more than this at once.
  std::size_t in_flight_bytes = std::size_t{512} * 1024;
  std::size_t queued_messages = 10'000;                     ///< that wait behind them, here or in the store
  std::size_t queued_bytes = std::size_t{8} * 1024 * 1024;  ///< of those that wait here
};

/// What has been sent under QoS 1 or 2 and not acknowledged (MQTT 5, 4.3 and 4.4), and which packet ids are
/// free: the sender's side of one session. It outlives connections: what was sent on an earlier one keeps its
/// packet id, and counts as outstanding once it has been sent again.
class InFlight {
 public:
  enum class Phase : std::uint8_t {
    kPublished,  ///< PUBLISH sent
    kReleased,   ///< QoS 2: PUBREC came, PUBREL sent; the message is the client's
  };
  struct Entry {
    std::uint64_t sequence = 0;  ///< in the store; 0 where it is not there
    std::uint32_t bytes = 0;     ///< while it is outstanding
    Qos qos = Qos::kAtLeastOnce;
    Phase phase = Phase::kPublished;
    bool outstanding = false;  ///< sent on this connection
  };

  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }

  /// Sent on this connection, and not acknowledged: in messages, and in bytes.
  std::size_t outstanding() const noexcept { return outstanding_; }
  std::size_t outstanding_bytes() const noexcept { return outstanding_bytes_; }

  /// Gives a message that is about to be sent a free packet id. There must be one: fewer than 65,535 entries.
  PacketId add(std::uint64_t sequence, Qos qos, std::size_t bytes);
  /// A packet id that was given in an earlier life of the process.
  void restore(PacketId id, std::uint64_t sequence, Phase phase);
  /// It is about to be sent again.
  void sent_again(PacketId id, std::size_t bytes);
  /// QoS 2: the client has the message.
  void released(PacketId id);
  const Entry* find(PacketId id) const;
  /// The one that was sent for that message of the store, if any.
  std::optional<PacketId> find_sequence(std::uint64_t sequence) const;
  void erase(PacketId id);

  /// The connection is gone: nothing is outstanding any more.
  void disconnected();
  /// The first message of the store that was sent; nothing where there is none.
  std::optional<std::uint64_t> first_sequence() const;
  /// Forgets what was sent on an earlier connection alone, but for what has been released.
  void forget_unsent();
  /// Those released, in the order in which their messages were sent.
  std::vector<PacketId> all_released() const;

 private:
  struct Numbered {
    Entry entry;
    std::uint64_t order = 0;
  };
  void settle(Entry& entry) noexcept;
  void forget(std::map<PacketId, Numbered>::iterator at);

  std::map<PacketId, Numbered> entries_;
  std::map<std::uint64_t, PacketId> by_sequence_;  ///< of those published that are in the store
  std::uint64_t order_ = 0;
  std::size_t outstanding_ = 0;
  std::size_t outstanding_bytes_ = 0;
  PacketId last_ = 0;
};

/// One client's session (MQTT 5, 4.1), for the hub's thread. What survives the connection, and the process,
/// is in the store too where `persistent()`.
struct Session {
  SessionId id{};
  std::string client_id;
  std::string user;
  std::optional<ConnectionId> connection;
  Version version = Version::k311;
  std::uint16_t receive_maximum = 65'535;
  std::uint32_t expiry_seconds = 0;
  Millis ended_at = 0;                   ///< 0 while connected
  bool said_goodbye = false;             ///< as the last connection ended
  bool saved = false;                    ///< the store knows of it
  std::shared_ptr<const Access> access;  ///< of the connection; null while there is none
  std::string peer;
  Millis connected_at = 0;
  std::optional<Will> will;
  Millis will_due = 0;  ///< of one that waits for its delay; 0 while connected
  Millis due = 0;       ///< when its will or its end is looked after; 0: never
  std::vector<std::pair<std::string, SubscriptionOptions>> subscriptions;

  InFlight in_flight;
  /// Messages that wait for room in flight. A persistent session's are in the store instead, until they are
  /// acknowledged: `stored` of them up to `newest`, of which those up to `read_up_to` have been sent.
  std::deque<Outgoing> waiting;
  std::size_t waiting_bytes = 0;
  std::size_t stored = 0;
  std::uint64_t newest = 0;
  std::uint64_t read_up_to = 0;
  bool recalled = true;     ///< the packet ids in its queue are known; not yet after a start of the process
  bool overflowed = false;  ///< its connection is about to be ended for what waits

  /// QoS 2 of the client's whose PUBREL is awaited, and whether they are durable: only then it is told so.
  std::map<PacketId, bool> received;

  /// Where the last connection broke, the packet ids that have been used on this one; null otherwise. What
  /// comes under one that has not may be sent again from before: there are clients that do not say so by DUP.
  std::unique_ptr<std::bitset<65'536>> used;

  /// Presence keys on which this connection has said that it is there.
  std::vector<std::string> presence;

  bool persistent() const noexcept { return expiry_seconds > 0; }
  bool expires() const noexcept { return expiry_seconds != SessionRow::kNeverExpires; }
  /// When one that has ended is to be forgotten.
  Millis expires_at() const noexcept { return ended_at + Millis{expiry_seconds} * 1000; }
  bool has_backlog() const noexcept { return read_up_to < newest; }
  bool connected() const noexcept { return connection.has_value(); }
  /// What waits behind those in flight.
  std::size_t queued() const noexcept {
    return waiting.size() + (stored > in_flight.size() ? stored - in_flight.size() : 0);
  }
  /// So many messages of QoS 1 and 2 may be outstanding.
  std::size_t window(const SessionLimits& limits) const noexcept {
    return std::min<std::size_t>(receive_maximum, limits.in_flight);
  }
  /// Whether its client may be sent one message more, of that size, under QoS 1 or 2 (MQTT 5, 4.9). One that
  /// confirms no PUBREL, on connection after connection, is sent nothing more.
  bool has_window(const SessionLimits& limits, std::size_t bytes) const noexcept {
    return in_flight.size() < 2 * limits.in_flight && in_flight.outstanding() < window(limits) &&
           (in_flight.outstanding() == 0 || in_flight.outstanding_bytes() + bytes <= limits.in_flight_bytes);
  }
  SubscriptionOptions* find_subscription(const std::string& filter);
  bool erase_subscription(const std::string& filter);
};

}  // namespace inboxd::mqtt
