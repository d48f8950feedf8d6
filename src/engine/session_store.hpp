#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/ports.hpp"

/// What a broker of our own must remember for its clients beyond their connections: MQTT's session state and
/// retained messages. Client ids, filters and topics are MQTT's strings: UTF-8 of 1-65,535 bytes without NUL.
namespace inboxd {

struct SessionSubscription {
  std::string filter;
  std::uint8_t options = 0;  ///< as a SUBSCRIBE has them (MQTT 5, 3.8.3.1)
  std::uint32_t id = 0;      ///< the subscription identifier; 0: none

  friend bool operator==(const SessionSubscription&, const SessionSubscription&) = default;
};

/// What a session's client left to be published when its connection is lost.
struct SessionWill {
  std::string topic;
  std::string payload;
  std::uint8_t qos = 0;
  bool retain = false;
  std::uint32_t delay_seconds = 0;
  std::string properties;  ///< the broker's own encoding
  Millis due = 0;  ///< when its delay is over; 0: the connection had not ended when the row was written

  friend bool operator==(const SessionWill&, const SessionWill&) = default;
};

/// One client's session, but for the messages and packets that are under way.
struct SessionRow {
  static constexpr std::uint32_t kNeverExpires = 0xFFFFFFFF;

  std::string client_id;
  std::string user;                  ///< whose it is, as the broker names users
  std::uint32_t expiry_seconds = 0;  ///< how long it outlives its connection
  Millis ended_at = 0;               ///< when the connection ended; 0: it had not when the row was written
  bool said_goodbye = false;         ///< and whether its client ended it in good order
  std::vector<SessionSubscription> subscriptions;
  std::optional<SessionWill> will = {};

  friend bool operator==(const SessionRow&, const SessionRow&) = default;
};

/// Names a message in a session's queue. Sequences are the broker's to give, from 1 on; none is given
/// twice.
struct QueuedKey {
  std::string client_id;
  std::uint64_t sequence = 0;

  friend auto operator<=>(const QueuedKey&, const QueuedKey&) = default;
};

/// A message of QoS 1 or 2 that one session's client has not acknowledged.
struct QueuedMessage {
  QueuedKey key;
  std::string topic;
  std::shared_ptr<const std::string> payload;  ///< never null; shared by the sessions that it waits for
  std::uint8_t qos = 1;
  bool retain = false;
  /// Of QoS 2, the packet id under which it was sent first, which must not change; 0: not sent yet, or QoS 1.
  std::uint16_t packet_id = 0;
  Millis expires_at = 0;   ///< 0: never. For the reader to heed: the store gives out expired ones too
  std::string properties;  ///< the broker's own encoding
};

/// What a message takes of the bounds of a queue.
inline std::size_t bytes_of(const QueuedMessage& message) noexcept {
  return message.topic.size() + message.payload->size() + message.properties.size();
}

struct QueueSize {
  std::size_t messages = 0;
  std::uint64_t bytes = 0;  ///< the sum of bytes_of()

  friend bool operator==(const QueueSize&, const QueueSize&) = default;
};

/// A packet id in the middle of a QoS 2 exchange, where no queued message says so (MQTT 5, 4.3.3). One id can
/// be in both states at once: each side counts its own.
struct SessionPacket {
  enum class State : std::uint8_t {
    kReceived = 0,  ///< the client's publication is taken; its PUBREL is awaited
    kReleased = 1,  ///< the client has ours; its PUBCOMP is awaited
  };

  std::string client_id;
  State state = State::kReceived;
  std::uint16_t packet_id = 0;

  friend auto operator<=>(const SessionPacket&, const SessionPacket&) = default;
};

/// What a new subscriber of a topic is given.
struct RetainedMessage {
  std::string topic;
  std::shared_ptr<const std::string> payload;  ///< never null
  std::uint8_t qos = 0;
  Millis stored_at = 0;
  Millis expires_at = 0;  ///< 0: never. For the reader to heed, as in a QueuedMessage
  std::string properties;
};

/// Everything that becomes true at once. Rows that exist are replaced. Removals come first, so that a session
/// which is both removed and written begins anew, and a packet id can be used again; only a queued message,
/// whose sequence never comes back, is gone if it is both written and removed.
///
/// Who gathers several changes into one commit must so leave out what a later one of the same row undoes: a
/// row that was written first and removed then would stay.
struct SessionCommit {
  std::vector<SessionRow> sessions;
  std::vector<std::string> removed_sessions;  ///< by client id, each with its queue and packets
  std::vector<QueuedMessage> queued;
  std::vector<QueuedKey> removed_queued;
  std::vector<SessionPacket> packets;
  std::vector<SessionPacket> removed_packets;
  std::vector<RetainedMessage> retained;
  std::vector<std::string> removed_retained;  ///< by topic

  bool empty() const noexcept {
    return only_acknowledges() && removed_queued.empty() && removed_packets.empty();
  }

  /// Whether it says no more than that clients have what they were sent. Were it lost, a client would be sent
  /// a message of QoS 1 again, or a PUBREL, both of which MQTT allows.
  bool only_acknowledges() const noexcept {
    return sessions.empty() && removed_sessions.empty() && queued.empty() && packets.empty() &&
           retained.empty() && removed_retained.empty() &&
           std::all_of(removed_packets.begin(), removed_packets.end(), [](const SessionPacket& packet) {
             return packet.state == SessionPacket::State::kReleased;
           });
  }
};

/// Sessions and retained messages. Bounds no queue: whoever queues does. Safe for use from several threads.
/// Every call may throw StoreError.
class SessionStore {
 public:
  virtual ~SessionStore() = default;

  /// Writes all of it or nothing; after a throw it is not known which, until a fresh look at the store. What
  /// it survives is as of Store::commit(), but that a power failure may take back the last commits that
  /// only_acknowledges(): waiting for the disk would buy nothing.
  virtual void commit(const SessionCommit& commit) = 0;

  /// In the order of their client ids, those after `after`; all come after an empty one.
  virtual std::vector<SessionRow> sessions(std::string_view after, std::size_t limit) const = 0;

  /// What waits for one session, in the order of sequence, those after `after`. Ends before `max_bytes`
  /// (bytes_of) are exceeded, but not before the first.
  virtual std::vector<QueuedMessage> queue(std::string_view client_id, std::uint64_t after, std::size_t limit,
                                           std::size_t max_bytes) const = 0;
  /// Reads the whole queue: for once a session, not for each message.
  virtual QueueSize queue_size(std::string_view client_id) const = 0;
  /// The highest that was ever queued for any session, be it removed since; 0 if none was. A broker goes on
  /// above it.
  virtual std::uint64_t last_sequence() const = 0;

  /// In the order of state and packet id. Bounded by the number of packet ids.
  virtual std::vector<SessionPacket> packets(std::string_view client_id) const = 0;

  /// In the order of their topics (bytewise), those after `after`; all come after an empty one. Ends early at
  /// kMaxReadBytes, but not before the first: there are no more only where it gives none.
  virtual std::vector<RetainedMessage> retained(std::string_view after, std::size_t limit) const = 0;
};

}  // namespace inboxd
