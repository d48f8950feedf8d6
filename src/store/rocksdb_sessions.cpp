#include "store/rocksdb_sessions.hpp"

#include <string>

#include "store/recovering_db.hpp"
#include "store/rocksdb_find.hpp"
#include "store/rocksdb_scan.hpp"
#include "store/row_keys.hpp"
#include "store/session_batch.hpp"
#include "store/session_codec.hpp"

namespace inboxd::store {
namespace {

std::string prefix_of(std::string_view client_id) {
  std::string prefix;
  session_prefix(prefix, client_id);
  return prefix;
}

/// To the first row whose key is above `after`, or the first of all where that is empty.
void move_behind(Scan& rows, std::string_view after) {
  if (after.empty()) return rows.to_first();
  rows.to(std::string(after).append(1, '\0'));
}

}  // namespace

void RocksDbSessions::commit(const SessionCommit& commit) {
  if (commit.empty()) return;
  const std::lock_guard lock(commit_mutex_);
  db_.recover();
  const auto db = db_.lease();
  SessionBatch batch(*db);
  const bool durable = db->options().sync == Sync::kBatch && !commit.only_acknowledges();
  db->write(batch.build(commit), durable);
}

std::vector<SessionRow> RocksDbSessions::sessions(std::string_view after, std::size_t limit) const {
  const auto db = db_.lease();
  std::vector<SessionRow> rows;
  Scan scan(*db, Column::kSessions);
  for (move_behind(scan, after); rows.size() < limit && scan.valid(); scan.next()) {
    auto& row = rows.emplace_back();
    row.client_id = scan.key();
    if (!decode(scan.value(), row)) db->fail_corrupt(Column::kSessions, kMalformed);
  }
  return rows;
}

std::vector<QueuedMessage> RocksDbSessions::queue(std::string_view client_id, std::uint64_t after,
                                                  std::size_t limit, std::size_t max_bytes) const {
  const auto db = db_.lease();
  const std::string prefix = prefix_of(client_id);
  std::string lower;
  queued_key(lower, client_id, after);
  lower.push_back('\0');  // the smallest key above that of `after`
  std::vector<QueuedMessage> messages;
  std::size_t bytes = 0;
  Scan scan(*db, Column::kSessionQueue, std::move(lower), after_prefix(prefix));
  for (scan.to_first(); messages.size() < limit && scan.valid(); scan.next()) {
    QueuedMessage message;
    message.key.client_id = client_id;
    message.key.sequence = sequence_of(*db, Column::kSessionQueue, scan.key().substr(prefix.size()));
    if (!decode(scan.value(), message)) db->fail_corrupt(Column::kSessionQueue, kMalformed);
    bytes += bytes_of(message);
    if (bytes > max_bytes && !messages.empty()) break;
    messages.push_back(std::move(message));
  }
  return messages;
}

QueueSize RocksDbSessions::queue_size(std::string_view client_id) const {
  const auto db = db_.lease();
  const std::string prefix = prefix_of(client_id);
  QueueSize size;
  Scan scan(*db, Column::kSessionQueue, prefix, after_prefix(prefix));
  for (scan.to_first(); scan.valid(); scan.next()) {
    const auto bytes = decode_bytes(scan.value());
    if (!bytes) db->fail_corrupt(Column::kSessionQueue, kMalformed);
    ++size.messages;
    size.bytes += *bytes;
  }
  return size;
}

std::uint64_t RocksDbSessions::last_sequence() const {
  const auto db = db_.lease();
  return read_number(*db, kQueueSequenceKey);
}

std::vector<SessionPacket> RocksDbSessions::packets(std::string_view client_id) const {
  const auto db = db_.lease();
  const std::string prefix = prefix_of(client_id);
  std::vector<SessionPacket> packets;
  Scan scan(*db, Column::kSessionPackets, prefix, after_prefix(prefix));
  for (scan.to_first(); scan.valid(); scan.next()) {
    auto& packet = packets.emplace_back();
    packet.client_id = client_id;
    if (!parse_packet_suffix(scan.key().substr(prefix.size()), packet)) {
      db->fail_corrupt(Column::kSessionPackets, "a key is malformed");
    }
  }
  return packets;
}

std::vector<RetainedMessage> RocksDbSessions::retained(std::string_view after, std::size_t limit) const {
  const auto db = db_.lease();
  std::vector<RetainedMessage> messages;
  std::size_t bytes = 0;
  Scan scan(*db, Column::kRetained);
  for (move_behind(scan, after); messages.size() < limit && scan.valid(); scan.next()) {
    RetainedMessage message;
    message.topic = scan.key();
    if (!decode(scan.value(), message)) db->fail_corrupt(Column::kRetained, kMalformed);
    bytes += message.payload->size();
    if (bytes > kMaxReadBytes && !messages.empty()) break;
    messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace inboxd::store
