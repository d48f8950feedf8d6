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

rocksdb::WriteBatch& CommitBatch::build(const RocksDbHandle& handle, DeadLetterLedger& ledger,
                                        const Commit& commit) {
  handle_ = &handle;
  ledger_ = &ledger;
  if (batch_.GetDataSize() > kKeptBatchBytes) batch_ = rocksdb::WriteBatch();
  batch_.Clear();
  add_messages(commit);
  add_rows(commit);
  add_conversations(commit);
  add_groups(commit);
  add_idempotency(commit);
  add_fingerprints(commit);
  add_dead_letters(commit);
  add_outbox(commit);
  add_jobs(commit);
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
}

void CommitBatch::add_conversations(const Commit& commit) {
  if (commit.conversations.empty()) return;
  last_rows_.clear();
  for (const auto& row : commit.conversations) {
    conversation_key(key_, row.key);
    last_rows_.insert_or_assign(key_, &row);
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
    add_conversation(key, *row, statuses[i], {values[i].data(), values[i].size()});
    ++i;
  }
}

void CommitBatch::add_conversation(const std::string& key, const ConversationRow& row,
                                   const rocksdb::Status& found, std::string_view old_value) {
  if (!found.ok() && !found.IsNotFound()) handle_->fail(found, "read");
  const auto place = place_of(row.timestamp, row.archived);
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
      order_key(value_, row.key, *old_place);
      batch_.SingleDelete(order, value_);
    }
    order_key(value_, row.key, place);
    batch_.Put(order, value_, {});
  }
  encode(value_, row);
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

void CommitBatch::add_dead_letters(const Commit& commit) {
  if (commit.dead_letters.empty() && commit.removed_dead_letters.empty()) return;
  for (const auto& letter : commit.dead_letters) {
    key_ = letter.id;
    put_encoded(Column::kDeadLetters, letter);
    ledger_->add(letter.id, bytes_of(letter));
  }
  for (const auto& id : commit.removed_dead_letters) {
    remove(Column::kDeadLetters, id);
    ledger_->remove(id);
  }
  for (const auto& id : ledger_->evict()) remove(Column::kDeadLetters, id);
}

void CommitBatch::add_outbox(const Commit& commit) {
  for (const auto& row : commit.outbox) {
    sequence_key(key_, row.sequence);
    put_encoded(Column::kOutbox, row);
  }
  for (const auto sequence : commit.removed_outbox) remove_sequence(Column::kOutbox, sequence);
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
