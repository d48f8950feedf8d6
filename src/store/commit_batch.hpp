#pragma once

#include <rocksdb/write_batch.h>

#include <string>
#include <unordered_map>

#include "engine/ports.hpp"
#include "store/dead_letter_ledger.hpp"
#include "store/rocksdb_handle.hpp"

namespace inboxd::store {

/// Turns a commit into one atomic batch of RocksDB. Not for several threads at once: the batch replaces rows
/// that it has read, so nobody may write between build() and the writing of what it returns.
class CommitBatch {
 public:
  /// For `handle`. Takes the dead letters into `ledger` too. Both must outlive the use of what it returns,
  /// which is valid until the next build(). May throw StoreError.
  rocksdb::WriteBatch& build(const RocksDbHandle& handle, DeadLetterLedger& ledger, const Commit& commit);

 private:
  void add_messages(const Commit& commit);
  void add_rows(const Commit& commit);
  void add_conversations(const Commit& commit);
  void add_conversation(const std::string& key, const ConversationRow& row, const rocksdb::Status& found,
                        std::string_view old_value);
  void add_groups(const Commit& commit);
  void add_idempotency(const Commit& commit);
  void add_fingerprints(const Commit& commit);
  void add_dead_letters(const Commit& commit);
  void add_outbox(const Commit& commit);
  void add_jobs(const Commit& commit);

  template <class Row>
  void put_encoded(Column column, const Row& row);
  void put(Column column);
  void remove(Column column, std::string_view key);
  void remove_sequence(Column column, std::uint64_t sequence);

  const RocksDbHandle* handle_ = nullptr;  // this and the next while building
  DeadLetterLedger* ledger_ = nullptr;
  rocksdb::WriteBatch batch_;  // keeps its memory from commit to commit, like the buffers below
  std::string key_;
  std::string value_;
  std::unordered_map<std::string, const ConversationRow*> last_rows_;
};

}  // namespace inboxd::store
