#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
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
  std::size_t in_flight = 256;                              ///< QoS 1 and 2 sent and not acknowledged
  std::size_t queued_messages = 10'000;                     ///< that wait behind them, here or in the store
  std::size_t queued_bytes = std::size_t{8} * 1024 * 1024;  ///< of those that wait here
};

/// What has been sent under QoS 1 or 2 and not acknowledged (MQTT 5, 4.3 and 4.4), and which packet ids are
/// free: the sender's side of one session.
class InFlight {
 public:
  enum class Phase : std::uint8_t {
    kPublished,  ///< PUBLISH sent
    kReleased,   ///< QoS 2: PUBREC came, PUBREL sent; the message is the client's
  };
  struct Entry {
    std::uint64_t sequence = 0;  ///< in the store; 0 where it is not there
    Qos qos = Qos::kAtLeastOnce;
    Phase phase = Phase::kPublished;
  };

  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }

  /// Gives the entry a free packet id. There must be one: fewer than 65,535 entries.
  PacketId add(const Entry& entry);
  /// An entry that had its packet id in an earlier life of the session.
  void restore(PacketId id, const Entry& entry);
  Entry* find(PacketId id);
  void erase(PacketId id);
  void clear() { entries_.clear(); }

  /// In the order in which they were sent.
  std::vector<std::pair<PacketId, Entry>> in_order() const;

 private:
  struct Numbered {
    Entry entry;
    std::uint64_t order = 0;
  };
  std::map<PacketId, Numbered> entries_;
  std::uint64_t order_ = 0;
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
  Millis ended_at = 0;  ///< 0 while connected
  bool saved = false;   ///< the store knows of it
  bool admin = false;
  std::string peer;
  Millis connected_at = 0;
  std::optional<Will> will;
  Millis will_due = 0;  ///< of one that waits for its delay; 0 while connected
  std::vector<std::pair<std::string, SubscriptionOptions>> subscriptions;

  InFlight in_flight;
  /// Messages that wait for room in flight. A persistent session's are in the store instead, until they are
  /// acknowledged: `stored` of them up to `newest`, of which those up to `read_up_to` have been sent.
  std::deque<Outgoing> waiting;
  std::size_t waiting_bytes = 0;
  std::size_t stored = 0;
  std::uint64_t newest = 0;
  std::uint64_t read_up_to = 0;
  bool overflowed = false;  ///< its connection is about to be ended for what waits

  /// QoS 2 of the client's whose PUBREL is awaited, and whether they are durable: only then it is told so.
  std::map<PacketId, bool> received;

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
  std::size_t window(const SessionLimits& limits) const noexcept {
    return receive_maximum < limits.in_flight ? receive_maximum : limits.in_flight;
  }
  SubscriptionOptions* find_subscription(const std::string& filter);
  bool erase_subscription(const std::string& filter);
};

}  // namespace inboxd::mqtt
