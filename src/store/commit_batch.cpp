#include "store/commit_batch.hpp"

#include <array>
#include <vector>

#include "store/row_codec.hpp"
#include "store/row_keys.hpp"

namespace inboxd::store {
namespace {

/// A batch that was larger than this gives its memory back.
constexpr std::size_t kKeptBatchBytes = std::size_t{4} * 1024 * 1024;

}  // namespace

rocksdb::WriteBatch& CommitBatch::build(const RocksDbHandle& handle, Ledgers& ledgers, const Commit& commit) {
  handle_ = &handle;
  ledgers_ = &ledgers;
  if (batch_.GetDataSize() > kKeptBatchBytes) batch_ = rocksdb::WriteBatch();
  batch_.Clear();
  add_messages(commit);
  add_rows(commit);
  add_conversations(commit);
  add_groups(commit);
  add_idempotency(commit);
  add_fingerprints(commit);
  add_publications(commit);
  add_dead_letters(commit);
  add_outbox(commit);
  add_undelivered(commit);
  add_arrivals(commit);
  add_users(commit);
  add_policies(commit);
  add_jobs(commit);
  add_floor(commit);
  return batch_;
}

void CommitBatch::add_messages(const Commit& commit) {
  for (const auto& message : commit.messages) {
    message_key(key_, message.app, message.id);
    encode_message_head(value_, message);
    const rocksdb::Slice key(key_);
    const std::array<rocksdb::Slice, 2> value{rocksdb::Slice(value_), rocksdb::Slice(message.json)};
    const auto status = batch_.Put(handle_->column(Column::kMessages), {&key, 1},
                                   rocksdb::SliceParts(value.data(), static_cast<int>(value.size())));
    if (!status.ok()) handle_->fail(status, "write");
  }
}

void CommitBatch::add_rows(const Commit& commit) {
  for (const auto& row : commit.rows) {
    timeline_key(key_, row.timeline, row.timestamp, row.message);
    put_encoded(Column::kTimelines, row);
  }
  for (const auto& timeline : commit.removed_timelines) {
    timeline_prefix(key_, timeline);
    const auto status = batch_.DeleteRange(handle_->column(Column::kTimelines), key_, after_prefix(key_));
    if (!status.ok()) handle_->fail(status, "write");
  }
}

void CommitBatch::add_conversations(const Commit& commit) {
  if (commit.conversations.empty() && commit.removed_conversations.empty()) return;
  last_rows_.clear();
  for (const auto& row : commit.conversations) {
    conversation_key(key_, row.key);
    last_rows_.insert_or_assign(key_, LastRow{&row, &row.key});
  }
  for (const auto& key : commit.removed_conversations) {
    conversation_key(key_, key);
    last_rows_.insert_or_assign(key_, LastRow{nullptr, &key});
  }
  std::vector<rocksdb::Slice> keys;
  keys.reserve(last_rows_.size());
  for (const auto& [key, row] : last_rows_) keys.emplace_back(key);
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  handle_->db().MultiGet(rocksdb::ReadOptions(), handle_->column(Column::kConversations), keys.size(),
                         keys.data(), values.data(), statuses.data());
  std::size_t i = 0;
  for (const auto& [key, row] : last_rows_) {
    add_conversation(key, row.row, *row.key, statuses[i], {values[i].data(), values[i].size()});
    ++i;
  }
}

void CommitBatch::add_conversation(const std::string& key, const ConversationRow* row,
                                   const TimelineKey& whose, const rocksdb::Status& found,
                                   std::string_view old_value) {
  if (!found.ok() && !found.IsNotFound()) handle_->fail(found, "read");
  std::optional<OrderPlace> place;
  if (row != nullptr) place = place_of(row->timestamp, row->archived);
  std::optional<OrderPlace> old_place;
  if (found.ok()) {
    old_place = decode_place(old_value);
    if (!old_place) handle_->fail_corrupt(Column::kConversations, "a row is malformed");
  }
  if (old_place != place) {
    auto* order = handle_->column(Column::kConversationOrder);
    if (old_place) {
      // A place is put only while it is not taken (the condition above), so each put meets one removal:
      // SingleDelete's terms. The two vanish together, and a listing need not step over what is left of a
      // busy conversation's past.
      order_key(value_, whose, *old_place);
      batch_.SingleDelete(order, value_);
    }
    if (place) {
      order_key(value_, whose, *place);
      batch_.Put(order, value_, {});
    }
  }
  if (row == nullptr) return remove(Column::kConversations, key);
  encode(value_, *row);
  batch_.Put(handle_->column(Column::kConversations), key, value_);
}

void CommitBatch::add_groups(const Commit& commit) {
  for (const auto& group : commit.groups) {
    group_key(key_, group.app, group.id);
    put_encoded(Column::kGroups, group);
  }
}

void CommitBatch::add_idempotency(const Commit& commit) {
  for (const auto& row : commit.idempotency) {
    idempotency_key(key_, row.key);
    put_encoded(Column::kIdempotency, row);
  }
}

void CommitBatch::add_fingerprints(const Commit& commit) {
  for (const auto& row : commit.fingerprints) {
    sequence_key(key_, row.sequence);
    put_encoded(Column::kFingerprints, row);
  }
  for (const auto sequence : commit.forgotten_fingerprints) remove_sequence(Column::kFingerprints, sequence);
}

void CommitBatch::add_publications(const Commit& commit) {
  for (const auto& row : commit.publications) {
    publication_key(key_, row.client_id, row.packet_id);
    put_encoded(Column::kPublications, row);
  }
}

void CommitBatch::add_dead_letters(const Commit& commit) {
  if (commit.dead_letters.empty() && commit.removed_dead_letters.empty()) return;
  for (const auto& letter : commit.dead_letters) {
    key_ = letter.id;
    put_encoded(Column::kDeadLetters, letter);
    ledgers_->dead_letters.add(letter.id, bytes_of(letter));
  }
  for (const auto& id : commit.removed_dead_letters) {
    remove(Column::kDeadLetters, id);
    ledgers_->dead_letters.remove(id);
  }
  for (const auto& id : ledgers_->dead_letters.evict()) remove(Column::kDeadLetters, id);
}

void CommitBatch::add_outbox(const Commit& commit) {
  for (const auto& row : commit.outbox) {
    outbox_key(key_, row.endpoint, row.sequence);
    put_encoded(Column::kOutbox, row);
  }
  for (const auto& row : commit.removed_outbox) {
    outbox_key(key_, row.endpoint, row.sequence);
    remove(Column::kOutbox, key_);
  }
}

void CommitBatch::add_undelivered(const Commit& commit) {
  if (commit.undelivered.empty() && commit.removed_undelivered.empty()) return;
  for (const auto& event : commit.undelivered) {
    sequence_key(key_, event.row.sequence);
    put_encoded(Column::kUndelivered, event);
    ledgers_->undelivered.add(key_, bytes_of(event));
  }
  for (const auto sequence : commit.removed_undelivered) {
    remove_sequence(Column::kUndelivered, sequence);
    ledgers_->undelivered.remove(key_);
  }
  for (const auto& key : ledgers_->undelivered.evict()) remove(Column::kUndelivered, key);
}

void CommitBatch::add_arrivals(const Commit& commit) {
  arrivals_.clear();
  for (const auto& row : commit.arrivals) {
    OwnersArrivals& owners = arrivals_[{row.timeline.app, row.timeline.owner, {}}];
    append_arrival(owners.value, owners.last, row);
    owners.last = row.sequence;
  }
  for (const auto& [owner, owners] : arrivals_) {
    arrival_key(key_, owner.app, owner.owner, owners.last);
    const auto status = batch_.Put(handle_->column(Column::kArrivals), key_, owners.value);
    if (!status.ok()) handle_->fail(status, "write");
  }
}

void CommitBatch::add_users(const Commit& commit) {
  for (const auto& row : commit.presence) {
    presence_key(key_, row);
    put_encoded(Column::kPresence, row);
  }
  for (const auto& row : commit.removed_presence) {
    presence_key(key_, row);
    remove(Column::kPresence, key_);
  }
  for (const auto& row : commit.instances) {
    instance_key(key_, row);
    put_encoded(Column::kInstances, row);
  }
  for (const auto& row : commit.removed_instances) {
    instance_key(key_, row);
    remove(Column::kInstances, key_);
  }
}

void CommitBatch::add_policies(const Commit& commit) {
  for (const auto& row : commit.blocks) {
    block_key(key_, row);
    put_encoded(Column::kBlocks, row);
    blocker_key(key_, row);
    value_.clear();
    put(Column::kBlockers);
  }
  for (const auto& row : commit.removed_blocks) {
    block_key(key_, row);
    remove(Column::kBlocks, key_);
    blocker_key(key_, row);
    remove(Column::kBlockers, key_);
  }
  for (const auto& row : commit.bans) {
    ban_key(key_, row.app, row.user);
    put_encoded(Column::kBans, row);
  }
  for (const auto& row : commit.removed_bans) {
    ban_key(key_, row.app, row.user);
    remove(Column::kBans, key_);
  }
  for (const auto& document : commit.filters) {
    app_prefix(key_, document.app);
    put_encoded(Column::kFilters, document);
  }
}

void CommitBatch::add_floor(const Commit& commit) {
  if (!commit.sequence_floor) return;
  key_ = kFloorKey;
  value_ = std::to_string(*commit.sequence_floor);
  put(Column::kMeta);
}

void CommitBatch::add_jobs(const Commit& commit) {
  for (const auto& job : commit.jobs) {
    sequence_key(key_, job.sequence);
    encode_job_head(value_, job);
    put(Column::kJobs);
    encode_job_bulk(value_, job);
    put(Column::kJobBulk);
  }
  for (const auto& progress : commit.job_progress) {
    sequence_key(key_, progress.sequence);
    put_encoded(Column::kJobProgress, progress);
  }
  for (const auto sequence : commit.finished_jobs) {
    remove_sequence(Column::kJobs, sequence);
    remove_sequence(Column::kJobBulk, sequence);
    remove_sequence(Column::kJobProgress, sequence);
  }
}

template <class Row>
void CommitBatch::put_encoded(Column column, const Row& row) {
  encode(value_, row);
  put(column);
}

void CommitBatch::put(Column column) {
  const auto status = batch_.Put(handle_->column(column), key_, value_);
  if (!status.ok()) handle_->fail(status, "write");
}

void CommitBatch::remove(Column column, std::string_view key) {
  const auto status = batch_.Delete(handle_->column(column), rocksdb::Slice(key.data(), key.size()));
  if (!status.ok()) handle_->fail(status, "write");
}

void CommitBatch::remove_sequence(Column column, std::uint64_t sequence) {
  sequence_key(key_, sequence);
  remove(column, key_);
}

}  // namespace inboxd::store
