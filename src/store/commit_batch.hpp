#pragma once

#include <rocksdb/write_batch.h>

#include <string>
#include <unordered_map>

#include "engine/ports.hpp"
#include "store/dead_letter_ledger.hpp"
#include "store/rocksdb_handle.hpp"

namespace inboxd::store {

/// Turns a commit into one atomic batch of RocksDB. A row that the commit both writes and removes is removed.
/// Not for several threads at once: the batch replaces rows
/// that it has read, so nobody may write between build() and the writing of what it returns.
class CommitBatch {
 public:
  /// For `handle`. Takes dead letters and undelivered events into `ledgers` too. Both must outlive the use of
  /// what it returns, which is valid until the next build(). May throw StoreError.
  rocksdb::WriteBatch& build(const RocksDbHandle& handle, Ledgers& ledgers, const Commit& commit);

 private:
  void add_messages(const Commit& commit);
  void add_rows(const Commit& commit);
  void add_conversations(const Commit& commit);
  void add_conversation(const std::string& key, const ConversationRow* row, const TimelineKey& place,
                        const rocksdb::Status& found, std::string_view old_value);
  void add_groups(const Commit& commit);
  void add_idempotency(const Commit& commit);
  void add_fingerprints(const Commit& commit);
  void add_publications(const Commit& commit);
  void add_dead_letters(const Commit& commit);
  void add_outbox(const Commit& commit);
  void add_undelivered(const Commit& commit);
  void add_arrivals(const Commit& commit);
  void add_users(const Commit& commit);
  void add_policies(const Commit& commit);
  void add_floor(const Commit& commit);
  void add_jobs(const Commit& commit);

  template <class Row>
  void put_encoded(Column column, const Row& row);
  void put(Column column);
  void remove(Column column, std::string_view key);
  void remove_sequence(Column column, std::uint64_t sequence);

  const RocksDbHandle* handle_ = nullptr;  // this and the next while building
  Ledgers* ledgers_ = nullptr;
  rocksdb::WriteBatch batch_;  // keeps its memory from commit to commit, like the buffers below
  std::string key_;
  std::string value_;
  struct LastRow {
    const ConversationRow* row = nullptr;  ///< null: the conversation is to go
    const TimelineKey* key = nullptr;
  };
  std::unordered_map<std::string, LastRow> last_rows_;
  struct OwnersArrivals {
    std::uint64_t last = 0;
    std::string value;
  };
  std::unordered_map<TimelineKey, OwnersArrivals, TimelineKeyHash> arrivals_;  ///< by app and owner
};

}  // namespace inboxd::store
