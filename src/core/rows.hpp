#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/id.hpp"

/// What the engine keeps: plain values, written by the pipeline and kept by a store.
namespace inboxd {

/// Milliseconds since the Unix epoch: the protocol's only unit of time.
using Millis = std::int64_t;

/// PROTOCOL 2.
enum class Status : int {
  kFailed = -100,
  kSending = 0,
  kSent = 100,           ///< in the sender's timeline
  kDelivered = 150,      ///< in a recipient's timeline
  kReceived = 200,       ///< a recipient's client has it
  kReturnReceipt = 250,  ///< told to the sender
  kSeen = 300,
};

/// A message's one body, shared by all its copies. `json` is the whole message without the fields that differ
/// from copy to copy (status, `__history`).
struct StoredMessage {
  MessageId id;
  AppId app;
  PartyId sender;
  PartyId recipient;
  Millis timestamp = 0;
  /// Whether a fan-out job, not the message's own commit, serves the members of the group.
  bool deferred_fanout = false;
  bool group = false;     ///< it was for a group: the recipient's own timeline holds a copy
  bool shadowed = false;  ///< a filter keeps it from everyone but its sender, back ends included
  std::string json;

  friend bool operator==(const StoredMessage&, const StoredMessage&) = default;
};

/// The conversation of one owner with one peer, as a place in the store.
struct TimelineKey {
  AppId app;
  PartyId owner;
  PartyId peer;

  friend auto operator<=>(const TimelineKey&, const TimelineKey&) = default;
};

struct TimelineKeyHash {
  std::size_t operator()(const TimelineKey& key) const noexcept {
    constexpr std::size_t kOdd = 0x9E3779B97F4A7C15;
    const std::size_t owner = std::hash<PartyId>{}(key.owner);
    return (std::hash<PartyId>{}(key.peer) * kOdd + owner) * kOdd + std::hash<AppId>{}(key.app);
  }
};

/// One copy of a message in one timeline: a reference to the body, with what is the copy's own.
struct TimelineRow {
  TimelineKey timeline;
  Millis timestamp = 0;
  MessageId message;
  Status status = Status::kSent;
  /// The copy came by history replay: shown as `"__history": "true"`.
  bool history = false;
  /// The copy must not ring: shown as `attributes.sendnotification: false`.
  bool silent = false;
  /// Of a group message, in the sender's own timeline and the group's: how many members have received it, and
  /// seen it (PROTOCOL 5). Shown as `receipts`.
  std::uint32_t received = 0;
  std::uint32_t seen = 0;

  friend bool operator==(const TimelineRow&, const TimelineRow&) = default;
};

/// A row with the body that it refers to.
struct TimelineEntry {
  TimelineRow row;
  StoredMessage message;
};

/// One conversation of one owner, by reference to its last message.
struct ConversationRow {
  TimelineKey key;
  MessageId last_message;
  Millis timestamp = 0;
  Status status = Status::kSent;
  bool is_new = true;
  bool archived = false;
  /// Messages that came in since the owner last read or wrote. Shown as `unread_count`.
  std::uint64_t unread = 0;
  /// Fields that the owner's patches set and that no later message did: a JSON object's text, or empty.
  std::string patch;

  friend bool operator==(const ConversationRow&, const ConversationRow&) = default;
};

struct ConversationEntry {
  ConversationRow row;
  StoredMessage last_message;
};

/// A group as its last update left it. `json` is the whole document; `members` is read from it.
struct Group {
  AppId app;
  PartyId id;
  std::vector<PartyId> members;
  std::string json;

  friend bool operator==(const Group&, const Group&) = default;
};

/// (app, sender, recipient, tempUID): names one message for as long as the row lives (PROTOCOL 2).
struct IdempotencyKey {
  AppId app;
  PartyId sender;
  PartyId recipient;
  std::string temp_uid;  ///< 1-255 bytes, any bytes but NUL

  friend auto operator<=>(const IdempotencyKey&, const IdempotencyKey&) = default;
};

struct IdempotencyRow {
  IdempotencyKey key;
  MessageId message;
  Millis expires_at = 0;
};

/// What identifies a delivery's topic and payload when the broker delivers it again.
struct Fingerprint {
  std::uint64_t topic_hash = 0;
  std::uint64_t payload_hash = 0;

  friend auto operator<=>(const Fingerprint&, const Fingerprint&) = default;
};

/// Remembers which message a delivery became, until its acknowledgement is known to have reached the broker.
/// `sequence` is unique and grows in the order of commit, also over restarts.
struct FingerprintRow {
  std::uint64_t sequence = 0;
  Fingerprint fingerprint;
  AppId app;
  MessageId message;

  friend bool operator==(const FingerprintRow&, const FingerprintRow&) = default;
};

/// A publication of an MQTT client that is committed, and under which packet id it came. The client sends it
/// again under the same one, after whatever happens, until it has our acknowledgement (MQTT 5, 4.4).
struct PublicationRow {
  std::string client_id;
  std::uint16_t packet_id = 0;
  Fingerprint fingerprint;
  AppId app;
  MessageId message;  ///< as in a FingerprintRow: what it became, if a message
  Millis expires_at = 0;

  friend bool operator==(const PublicationRow&, const PublicationRow&) = default;
};

/// A delivery that was refused, kept for the operator (PROTOCOL 12). The id is a UUIDv7, so that ids sort by
/// time.
struct DeadLetter {
  std::string id;
  Millis at = 0;
  std::string reason;  ///< the stable code
  std::string detail;
  std::string exchange;
  std::string routing_key;
  std::string payload;              ///< cut at the size limit
  std::uint64_t payload_bytes = 0;  ///< as it came in

  friend bool operator==(const DeadLetter&, const DeadLetter&) = default;
};

/// One row that came into one owner's timelines: what he has not fetched yet is what came after the last that
/// he has. `sequence` grows with every row that the store takes, also over restarts, and tells the time: it
/// counts microseconds since the epoch, but never stands still.
struct ArrivalRow {
  std::uint64_t sequence = 0;
  TimelineKey timeline;
  Millis timestamp = 0;
  MessageId message;

  friend bool operator==(const ArrivalRow&, const ArrivalRow&) = default;
};

/// The time that an arrival's sequence tells.
constexpr Millis time_of_arrival(std::uint64_t sequence) noexcept {
  constexpr std::uint64_t kMicros = 1000;
  return static_cast<Millis>(sequence / kMicros);
}

/// An arrival with the row and body that it refers to.
struct ArrivalEntry {
  std::uint64_t sequence = 0;
  TimelineEntry entry;
};

/// One connection of a user that said it is there (PROTOCOL 6).
struct PresenceRow {
  AppId app;
  PartyId user;
  std::string client;
  Millis last_seen = 0;

  friend bool operator==(const PresenceRow&, const PresenceRow&) = default;
};

/// A user's device that wants push notifications (PROTOCOL 9). `json` is the document as clients see it.
struct InstanceRow {
  AppId app;
  PartyId user;
  std::string id;
  Millis updated_at = 0;
  std::string json;

  friend bool operator==(const InstanceRow&, const InstanceRow&) = default;
};

/// `owner` wants nothing of `user`.
struct BlockRow {
  AppId app;
  PartyId owner;
  PartyId user;
  Millis at = 0;  ///< since when

  friend bool operator==(const BlockRow&, const BlockRow&) = default;
};

/// `user` may send nothing.
struct BanRow {
  AppId app;
  PartyId user;
  std::string reason;           ///< for people; may be empty
  Millis at = 0;                ///< since when
  std::optional<Millis> until;  ///< when it ends by itself, if ever

  friend bool operator==(const BanRow&, const BanRow&) = default;
};

constexpr bool is_in_force(const BanRow& ban, Millis now) noexcept { return !ban.until || now < *ban.until; }

/// The content filters that administrators keep in the store: a JSON document (docs/policies.md).
struct FilterDocument {
  AppId app;
  Millis updated_at = 0;
  std::string json;

  friend bool operator==(const FilterDocument&, const FilterDocument&) = default;
};

/// An event on its way to an endpoint. `sequence` orders all rows, of every endpoint; it is given by whoever
/// writes them.
struct OutboxRow {
  std::uint64_t sequence = 0;
  std::string endpoint;
  std::string ordering_key;  ///< rows of one endpoint and ordering key go out one after the other
  std::string event_id;
  Millis created_at = 0;
  std::string body;

  friend bool operator==(const OutboxRow&, const OutboxRow&) = default;
};

struct OutboxKey {
  std::string endpoint;
  std::uint64_t sequence = 0;

  friend auto operator<=>(const OutboxKey&, const OutboxKey&) = default;
};

/// An event that could not be delivered, kept for the operator. Named by the sequence of its outbox row.
struct UndeliveredEvent {
  OutboxRow row;
  Millis at = 0;
  std::string reason;  ///< why it was given up
  std::uint32_t attempts = 0;

  friend bool operator==(const UndeliveredEvent&, const UndeliveredEvent&) = default;
};

/// The rest of a large group's fan-out: written with the message, advanced slice by slice. `sequence` orders
/// jobs; those of one group run one after the other.
struct FanoutJob {
  std::uint64_t sequence = 0;
  AppId app;
  PartyId group;
  /// The message whose copies are due, or empty where `notice` (a group document) is what each member gets.
  MessageId message;
  bool update_conversations = true;
  std::string notice;
  std::vector<PartyId> members;

  friend bool operator==(const FanoutJob&, const FanoutJob&) = default;
};

/// How far a job has come: members before `done` have their copy stored, published and confirmed.
struct FanoutProgress {
  std::uint64_t sequence = 0;
  std::uint64_t done = 0;
};

}  // namespace inboxd
