#include "store/session_batch.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "store/rocksdb_find.hpp"
#include "store/rocksdb_scan.hpp"
#include "store/row_keys.hpp"
#include "store/session_codec.hpp"

namespace inboxd::store {

rocksdb::WriteBatch& SessionBatch::build(const SessionCommit& commit) {
  remove_sessions(commit);
  add_sessions(commit);
  add_queue(commit);
  add_last_sequence(commit);
  add_packets(commit);
  add_retained(commit);
  return batch_;
}

void SessionBatch::remove_sessions(const SessionCommit& commit) {
  for (const auto& client_id : commit.removed_sessions) {
    remove(Column::kSessions, client_id);
    session_prefix(key_, client_id);
    remove_rows(Column::kSessionQueue, key_);
    remove_rows(Column::kSessionPackets, key_);
  }
}

/// Row by row: there are few, if any, and one removal of the whole range would weigh on every later read of
/// the table.
void SessionBatch::remove_rows(Column column, const std::string& prefix) {
  Scan rows(handle_, column, prefix, after_prefix(prefix));
  for (rows.to_first(); rows.valid(); rows.next()) remove(column, rows.key());
}

void SessionBatch::add_sessions(const SessionCommit& commit) {
  for (const auto& row : commit.sessions) {
    encode(value_, row);
    put(Column::kSessions, row.client_id, value_);
  }
}

void SessionBatch::add_queue(const SessionCommit& commit) {
  for (const auto& message : commit.queued) {
    queued_key(key_, message.key.client_id, message.key.sequence);
    encode_head(value_, message);
    put(Column::kSessionQueue, key_, value_, *message.payload);
  }
  for (const auto& key : commit.removed_queued) {
    queued_key(key_, key.client_id, key.sequence);
    remove(Column::kSessionQueue, key_);
  }
}

void SessionBatch::add_last_sequence(const SessionCommit& commit) {
  if (commit.queued.empty()) return;
  const std::uint64_t before = read_number(handle_, kQueueSequenceKey);
  std::uint64_t last = before;
  for (const auto& message : commit.queued) last = std::max(last, message.key.sequence);
  if (last != before) put(Column::kMeta, kQueueSequenceKey, std::to_string(last));
}

void SessionBatch::add_packets(const SessionCommit& commit) {
  for (const auto& packet : commit.removed_packets) {
    packet_key(key_, packet);
    remove(Column::kSessionPackets, key_);
  }
  for (const auto& packet : commit.packets) {
    packet_key(key_, packet);
    put(Column::kSessionPackets, key_, {});
  }
}

void SessionBatch::add_retained(const SessionCommit& commit) {
  for (const auto& topic : commit.removed_retained) remove(Column::kRetained, topic);
  for (const auto& message : commit.retained) {
    encode_head(value_, message);
    put(Column::kRetained, message.topic, value_, *message.payload);
  }
}

void SessionBatch::put(Column column, std::string_view key, std::string_view head, std::string_view tail) {
  const rocksdb::Slice name(key.data(), key.size());
  const std::array<rocksdb::Slice, 2> value{rocksdb::Slice(head.data(), head.size()),
                                            rocksdb::Slice(tail.data(), tail.size())};
  const auto status = batch_.Put(handle_.column(column), {&name, 1},
                                 rocksdb::SliceParts(value.data(), static_cast<int>(value.size())));
  if (!status.ok()) handle_.fail(status, "write");
}

void SessionBatch::remove(Column column, std::string_view key) {
  const auto status = batch_.Delete(handle_.column(column), rocksdb::Slice(key.data(), key.size()));
  if (!status.ok()) handle_.fail(status, "write");
}

}  // namespace inboxd::store
