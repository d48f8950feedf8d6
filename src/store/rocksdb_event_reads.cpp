#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "store/recovering_db.hpp"
#include "store/rocksdb_find.hpp"
#include "store/rocksdb_handle.hpp"
#include "store/rocksdb_scan.hpp"
#include "store/rocksdb_store.hpp"
#include "store/row_codec.hpp"
#include "store/row_keys.hpp"

/// Reads of what is not a conversation's: events, arrivals, presence, instances.
namespace inboxd::store {
namespace {

[[noreturn]] void fail_key(const RocksDbHandle& handle, Column column) {
  handle.fail_corrupt(column, "a key is malformed");
}

/// The parts of a key that begins with two ids.
std::vector<std::string_view> owner_parts(const RocksDbHandle& handle, Column column, std::string_view key) {
  auto parts = split_key(key, 2);
  if (!parts) fail_key(handle, column);
  return *std::move(parts);
}

PresenceRow read_presence(const RocksDbHandle& handle, const Scan& scan) {
  const auto parts = owner_parts(handle, Column::kPresence, scan.key());
  PresenceRow row{.app = AppId(std::string(parts[0])),
                  .user = PartyId(std::string(parts[1])),
                  .client = std::string(parts[2])};
  if (!decode(scan.value(), row)) handle.fail_corrupt(Column::kPresence, kMalformed);
  return row;
}

/// At least `count` of them, if there are so many.
std::vector<ArrivalRow> arrivals_after(const RocksDbHandle& handle, const TimelineKey& owner,
                                       std::uint64_t after, std::size_t count) {
  std::string prefix;
  std::string first;
  owner_prefix(prefix, owner.app, owner.owner);
  // Rows are named for their last arrival, so the first row that may hold a later one is the next.
  arrival_key(first, owner.app, owner.owner, after + 1);
  std::vector<ArrivalRow> rows;
  Scan scan(handle, Column::kArrivals, std::move(first), after_prefix(prefix));
  for (scan.to_first(); rows.size() < count && scan.valid(); scan.next()) {
    if (!decode_arrivals(scan.value(), owner, rows)) handle.fail_corrupt(Column::kArrivals, kMalformed);
    std::erase_if(rows, [after](const ArrivalRow& row) { return row.sequence <= after; });
  }
  return rows;
}

}  // namespace

std::vector<MessageId> RocksDbStore::idempotent_to(const AppId& app, const PartyId& recipient,
                                                   std::string_view temp_uid, Millis now) const {
  const auto db = db_->lease();
  std::string prefix;
  idempotency_prefix(prefix, app, recipient, temp_uid);
  std::vector<MessageId> ids;
  Scan scan(*db, Column::kIdempotency, prefix, after_prefix(prefix));
  for (scan.to_first(); scan.valid(); scan.next()) {
    IdempotencyRow row;
    if (!decode(scan.value(), row)) db->fail_corrupt(Column::kIdempotency, kMalformed);
    if (row.expires_at > now) ids.push_back(std::move(row.message));
  }
  return ids;
}

std::vector<OutboxRow> RocksDbStore::outbox(std::string_view endpoint, std::uint64_t from,
                                            std::size_t limit) const {
  const auto db = db_->lease();
  std::string prefix;
  std::string first;
  endpoint_prefix(prefix, endpoint);
  outbox_key(first, endpoint, from);
  std::vector<OutboxRow> rows;
  Scan scan(*db, Column::kOutbox, std::move(first), after_prefix(prefix));
  for (scan.to_first(); rows.size() < limit && scan.valid(); scan.next()) {
    auto& row = rows.emplace_back();
    row.endpoint = endpoint;
    row.sequence = sequence_of(*db, Column::kOutbox, scan.key().substr(prefix.size()));
    if (!decode(scan.value(), row)) db->fail_corrupt(Column::kOutbox, kMalformed);
  }
  return rows;
}

std::vector<std::string> RocksDbStore::outbox_endpoints() const {
  const auto db = db_->lease();
  std::vector<std::string> endpoints;
  Scan scan(*db, Column::kOutbox);
  scan.to_first();
  while (scan.valid()) {
    const auto parts = split_key(scan.key(), 1);
    if (!parts) fail_key(*db, Column::kOutbox);
    endpoints.emplace_back(parts->front());
    std::string prefix;
    endpoint_prefix(prefix, endpoints.back());
    scan.to(after_prefix(std::move(prefix)));
  }
  return endpoints;
}

std::vector<UndeliveredEvent> RocksDbStore::undelivered(std::size_t limit) const {
  const auto db = db_->lease();
  std::vector<UndeliveredEvent> events;
  Scan scan(*db, Column::kUndelivered);
  for (scan.to_last(); events.size() < limit && scan.valid(); scan.previous()) {
    auto& event = events.emplace_back();
    event.row.sequence = sequence_of(*db, Column::kUndelivered, scan.key());
    if (!decode(scan.value(), event)) db->fail_corrupt(Column::kUndelivered, kMalformed);
  }
  return events;
}

std::optional<UndeliveredEvent> RocksDbStore::undelivered_event(std::uint64_t sequence) const {
  const auto db = db_->lease();
  std::string key;
  sequence_key(key, sequence);
  UndeliveredEvent wanted;
  wanted.row.sequence = sequence;
  return find(*db, Column::kUndelivered, key, std::move(wanted));
}

ArrivalPage RocksDbStore::arrivals(const AppId& app, const PartyId& owner, std::uint64_t after,
                                   std::size_t limit) const {
  if (after == std::numeric_limits<std::uint64_t>::max()) return {.entries = {}, .next = after};
  const auto db = db_->lease();
  // Before the scan: whatever it says is there for the scan to find.
  const std::uint64_t newest = last_arrival_.load(std::memory_order_acquire);
  std::vector<ArrivalRow> arrivals = arrivals_after(*db, {app, owner, {}}, after, limit + 1);
  ArrivalPage page{.entries = {}, .next = std::max(after, newest), .more = arrivals.size() > limit};
  if (page.more) arrivals.resize(limit);
  if (!arrivals.empty()) {
    page.next = page.more ? arrivals.back().sequence : std::max(page.next, arrivals.back().sequence);
  }
  std::vector<MessageId> ids;
  std::string key;
  for (const ArrivalRow& arrival : arrivals) {
    timeline_key(key, arrival.timeline, arrival.timestamp, arrival.message);
    // A timeline may have been removed since.
    auto row =
        find(*db, Column::kTimelines, key,
             TimelineRow{
                 .timeline = arrival.timeline, .timestamp = arrival.timestamp, .message = arrival.message});
    if (!row) continue;
    ids.push_back(arrival.message);
    page.entries.push_back({arrival.sequence, {*std::move(row), {}}});
  }
  auto messages = bodies(*db, app, ids);
  if (messages.size() < page.entries.size()) {
    page.entries.resize(messages.size());
    page.more = true;
    page.next = page.entries.back().sequence;
  }
  for (std::size_t i = 0; i < messages.size(); ++i) page.entries[i].entry.message = std::move(messages[i]);
  return page;
}

std::uint64_t RocksDbStore::sequence_floor() const {
  const auto db = db_->lease();
  return read_number(*db, kFloorKey);
}

std::vector<PresenceRow> RocksDbStore::presence(const AppId& app, const PartyId& user) const {
  const auto db = db_->lease();
  std::string prefix;
  owner_prefix(prefix, app, user);
  std::vector<PresenceRow> rows;
  Scan scan(*db, Column::kPresence, prefix, after_prefix(prefix));
  for (scan.to_first(); scan.valid(); scan.next()) rows.push_back(read_presence(*db, scan));
  return rows;
}

std::vector<PresenceRow> RocksDbStore::presence_page(const std::optional<PresenceRow>& after,
                                                     std::size_t limit) const {
  const auto db = db_->lease();
  std::string first;
  if (after) {
    presence_key(first, *after);
    first.push_back('\0');  // the smallest key above that one
  }
  std::vector<PresenceRow> rows;
  Scan scan(*db, Column::kPresence);
  for (scan.to(first); rows.size() < limit && scan.valid(); scan.next())
    rows.push_back(read_presence(*db, scan));
  return rows;
}

std::vector<InstanceRow> RocksDbStore::instances(const AppId& app, const PartyId& user) const {
  const auto db = db_->lease();
  std::string prefix;
  owner_prefix(prefix, app, user);
  std::vector<InstanceRow> rows;
  Scan scan(*db, Column::kInstances, prefix, after_prefix(prefix));
  for (scan.to_first(); scan.valid(); scan.next()) {
    auto& row = rows.emplace_back(
        InstanceRow{.app = app, .user = user, .id = std::string(scan.key().substr(prefix.size()))});
    if (!decode(scan.value(), row)) db->fail_corrupt(Column::kInstances, kMalformed);
  }
  return rows;
}

}  // namespace inboxd::store
