#pragma once

#include <rocksdb/write_batch.h>

#include <string>
#include <string_view>

#include "engine/session_store.hpp"
#include "store/rocksdb_handle.hpp"

namespace inboxd::store {

/// Turns one commit of sessions into one atomic batch of RocksDB. Reads what it removes: nobody may write to
/// the tables of sessions between build() and the writing of what it returns.
class SessionBatch {
 public:
  explicit SessionBatch(const RocksDbHandle& handle) : handle_(handle) {}

  /// May throw StoreError. Valid as long as the batch; for one call.
  rocksdb::WriteBatch& build(const SessionCommit& commit);

 private:
  void remove_sessions(const SessionCommit& commit);
  void remove_rows(Column column, const std::string& prefix);
  void add_sessions(const SessionCommit& commit);
  void add_queue(const SessionCommit& commit);
  void add_last_sequence(const SessionCommit& commit);
  void add_packets(const SessionCommit& commit);
  void add_retained(const SessionCommit& commit);

  void put(Column column, std::string_view key, std::string_view head, std::string_view tail = {});
  void remove(Column column, std::string_view key);

  const RocksDbHandle& handle_;
  rocksdb::WriteBatch batch_;
  std::string key_;
  std::string value_;
};

}  // namespace inboxd::store
