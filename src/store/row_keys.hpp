#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/rows.hpp"
#include "engine/ports.hpp"
#include "engine/session_store.hpp"

/// The keys of the RocksDB tables (docs/storage.md). They compare bytewise in the order in which the store
/// reads: ids end with NUL, which no id can hold, so that no id's rows stand between those of another that
/// begins alike; integers are big-endian.
namespace inboxd::store {

/// Every builder replaces what `out` held, so that one buffer serves many keys.
void message_key(std::string& out, const AppId& app, const MessageId& id);
void group_key(std::string& out, const AppId& app, const PartyId& id);
void conversation_key(std::string& out, const TimelineKey& key);
void idempotency_key(std::string& out, const IdempotencyKey& key);
void sequence_key(std::string& out, std::uint64_t sequence);

/// What all rows of an (app, recipient, tempUID) begin with.
void idempotency_prefix(std::string& out, const AppId& app, const PartyId& recipient,
                        std::string_view temp_uid);

/// What all rows of one owner (or user) begin with, and the keys of those rows. An arrival's row is named for
/// the last sequence in it.
void owner_prefix(std::string& out, const AppId& app, const PartyId& owner);
void arrival_key(std::string& out, const AppId& app, const PartyId& owner, std::uint64_t sequence);
void presence_key(std::string& out, const PresenceRow& row);
void instance_key(std::string& out, const InstanceRow& row);
void block_key(std::string& out, const BlockRow& row);

/// The same block, found by whom it is against. Begins with owner_prefix() of the one that is blocked.
void blocker_key(std::string& out, const BlockRow& row);

/// What all rows of one app begin with, and the keys of its bans. That of its filters is the prefix itself.
void app_prefix(std::string& out, const AppId& app);
void ban_key(std::string& out, const AppId& app, const PartyId& user);

/// What all rows of one endpoint begin with; it holds no NUL.
void endpoint_prefix(std::string& out, std::string_view endpoint);
void outbox_key(std::string& out, std::string_view endpoint, std::uint64_t sequence);

/// What all rows of one MQTT client's session begin with in the tables that have several; its id holds no
/// NUL.
void session_prefix(std::string& out, std::string_view client_id);
void queued_key(std::string& out, std::string_view client_id, std::uint64_t sequence);
void packet_key(std::string& out, const SessionPacket& packet);
void publication_key(std::string& out, std::string_view client_id, std::uint16_t packet_id);

/// What all rows of one timeline begin with.
void timeline_prefix(std::string& out, const TimelineKey& timeline);
void timeline_key(std::string& out, const TimelineKey& timeline, Millis timestamp, const MessageId& message);

/// Where a conversation stands among its owner's: in a list, and there in a slot of 16.384 s. Not at its very
/// millisecond: the place of a busy conversation would be rewritten with each of its messages, and the
/// listing would step over all the places that it had.
struct OrderPlace {
  bool archived = false;
  std::int64_t slot = 0;

  friend bool operator==(const OrderPlace&, const OrderPlace&) = default;
};
OrderPlace place_of(Millis timestamp, bool archived) noexcept;

/// What all rows of one owner's active, or archived, conversations begin with; newer slots come first.
void order_prefix(std::string& out, const AppId& app, const PartyId& owner, bool archived);
void order_key(std::string& out, const TimelineKey& key, OrderPlace place);

/// The smallest key above every key that begins with `prefix`, which must end with NUL or with 0 or 1 as a
/// byte.
std::string after_prefix(std::string prefix);

/// The part of a timeline's key that follows its prefix.
struct TimelineSuffix {
  Millis timestamp = 0;
  std::string_view message;
};
std::optional<TimelineSuffix> parse_timeline_suffix(std::string_view suffix);

/// The part of an order key that follows its prefix.
struct OrderSuffix {
  std::int64_t slot = 0;
  std::string_view peer;
};
std::optional<OrderSuffix> parse_order_suffix(std::string_view suffix);

std::optional<std::uint64_t> parse_sequence(std::string_view key);
std::optional<std::uint16_t> parse_packet_id(std::string_view key);

/// Fills what the part of a packet's key that follows its prefix says; false where it says nothing.
bool parse_packet_suffix(std::string_view suffix, SessionPacket& packet);

/// The first `count` ids of a key, each without its NUL, and as the last element what follows them.
std::optional<std::vector<std::string_view>> split_key(std::string_view key, std::size_t count);

}  // namespace inboxd::store
