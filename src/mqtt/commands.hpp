#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "mqtt/access.hpp"
#include "mqtt/message.hpp"
#include "mqtt/packet.hpp"

/// What connections and the hub say to each other. A connection lives on an I/O thread and speaks MQTT; the
/// hub lives on the engine's thread and knows sessions, subscriptions and messages.
namespace inboxd::mqtt {

/// One network connection, unique while the process lives.
struct ConnectionId {
  std::uint64_t number = 0;
  std::uint32_t thread = 0;  ///< the I/O thread that serves it

  friend bool operator==(const ConnectionId&, const ConnectionId&) = default;
};

// --- from a connection to the hub. What is in them was checked: form, and what the client's token grants.

/// A client that may connect. Answered by Attached, or by Ended.
struct Attach {
  std::string client_id;
  std::string user;  ///< whose token it is; empty without authentication
  std::string peer;  ///< the network address, for people
  Version version = Version::k311;
  bool clean_start = true;
  std::uint32_t session_expiry_seconds = 0;
  std::uint16_t receive_maximum = 65'535;
  std::optional<Will> will = {};
  std::shared_ptr<const Access> access = {};  ///< null: everything, for ever
};

/// The client has another token: what it does not grant is over.
struct Reauthorize {
  std::shared_ptr<const Access> access;
};

/// Answered by Subscribed. `reasons` has one for each filter: an error where it was refused already.
struct SubscribeTo {
  PacketId packet_id = 0;
  std::vector<Subscription> subscriptions;
  std::vector<Reason> reasons;
  std::uint32_t subscription_id = 0;  ///< 0: none
};

/// Answered by Unsubscribed.
struct UnsubscribeFrom {
  PacketId packet_id = 0;
  std::vector<std::string> filters;
};

/// QoS 1 and 2 are answered by Acknowledge once the message is as durable as its topic asks.
struct Publication {
  MessagePtr message;
  PacketId packet_id = 0;
  bool dup = false;
  std::string replay_of = {};  ///< the dead letter that an administrator replays by it, or empty
};

/// PUBACK, PUBREC, PUBREL or PUBCOMP of the client.
struct Acknowledged {
  Acknowledgement::Kind kind = Acknowledgement::Kind::kPuback;
  PacketId packet_id = 0;
  Reason reason = Reason::kSuccess;
};

/// The connection is at its end.
struct Detach {
  bool said_goodbye = false;  ///< by DISCONNECT
  bool publish_will = true;
  /// Takes the place of what Attach said (MQTT 5, 3.14.2.2.2).
  std::optional<std::uint32_t> session_expiry_seconds = {};
};

class Hub;

/// What others than connections have to ask of the hub; called on its thread.
struct Inquiry {
  std::function<void(Hub&)> ask;
};

struct Command {
  ConnectionId from;
  std::variant<Attach, Reauthorize, SubscribeTo, UnsubscribeFrom, Publication, Acknowledged, Detach, Inquiry>
      what;
};

/// What a command holds in memory, roughly.
std::size_t bytes_of(const Command& command);

// --- from the hub to a connection

struct Attached {
  bool session_present = false;
};

/// The hub knows the connection no longer: it says DISCONNECT, or CONNACK where it was never attached, and
/// closes.
struct Ended {
  Reason reason = Reason::kSuccess;
};

struct Acknowledge {
  Acknowledgement::Kind kind = Acknowledgement::Kind::kPuback;
  PacketId packet_id = 0;
  Reason reason = Reason::kSuccess;
};

struct Subscribed {
  PacketId packet_id = 0;
  std::vector<Reason> reasons;
};

struct Unsubscribed {
  PacketId packet_id = 0;
  std::vector<Reason> reasons;
};

struct Outgoing {
  MessagePtr message;
  Qos qos = Qos::kAtMostOnce;
  bool dup = false;
  bool retain = false;
  PacketId packet_id = 0;
  std::vector<std::uint32_t> subscription_ids = {};
};

struct Event {
  ConnectionId to;
  std::variant<Attached, Ended, Acknowledge, Subscribed, Unsubscribed, Outgoing> what;
};

/// Takes the hub's events to their connections, in the order given. For the hub's thread.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void send(Event event) = 0;
  /// What was sent may leave now: all that it promises is durable.
  virtual void flush() = 0;
};

}  // namespace inboxd::mqtt
