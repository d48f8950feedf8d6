#include "store/rocksdb_store.hpp"

#include <algorithm>
#include <utility>

#include "store/commit_batch.hpp"
#include "store/recovering_db.hpp"
#include "store/rocksdb_error.hpp"
#include "store/rocksdb_scan.hpp"
#include "store/rocksdb_sessions.hpp"
#include "store/row_codec.hpp"

namespace inboxd::store {

Result<std::unique_ptr<RocksDbStore>, StoreError> RocksDbStore::open(const RocksDbOptions& options,
                                                                     Clock& clock) {
  auto db = RecoveringDb::open(options, clock);
  if (!db) return Failure<StoreError>(db.error());
  std::unique_ptr<RocksDbStore> store(new RocksDbStore(std::move(*db)));
  try {
    store->last_arrival_ = store->sequence_floor();
    if (options.read_only) return store;
    const auto lease = store->db_->lease();
    store->count_bounded(*lease);
    store->counted_generation_ = lease.generation();
  } catch (const StoreError& error) {
    return Failure<StoreError>(error);
  }
  return store;
}

RocksDbStore::RocksDbStore(std::unique_ptr<RecoveringDb> db)
    : db_(std::move(db)),
      sessions_(std::make_unique<RocksDbSessions>(*db_)),
      batch_(std::make_unique<CommitBatch>()),
      ledgers_{DeadLetterLedger({db_->options().max_dead_letters, db_->options().max_dead_letter_bytes}),
               DeadLetterLedger({db_->options().max_undelivered, db_->options().max_undelivered_bytes})} {}

RocksDbStore::~RocksDbStore() = default;

SessionStore& RocksDbStore::sessions() noexcept { return *sessions_; }

void RocksDbStore::commit(const Commit& commit) {
  if (commit.empty()) return;
  const std::lock_guard lock(commit_mutex_);
  db_->recover();
  const auto db = db_->lease();
  // Until the write is through, the ledgers may have taken in what the store has not.
  if (std::exchange(counted_generation_, 0) != db.generation()) count_bounded(*db);
  db->write(batch_->build(*db, ledgers_, commit), db->options().sync == Sync::kBatch);
  counted_generation_ = db.generation();
  for (const ArrivalRow& row : commit.arrivals) {
    last_arrival_ = std::max(last_arrival_.load(std::memory_order_relaxed), row.sequence);
  }
}

void RocksDbStore::recover() { db_->recover(); }

bool RocksDbStore::healthy() const noexcept {
  return db_->health().readable() && db_->health().writable() && !db_->options().read_only;
}

void RocksDbStore::count_bounded(const RocksDbHandle& handle) {
  ledgers_.dead_letters.clear();
  ledgers_.undelivered.clear();
  DeadLetter letter;
  Scan rows(handle, Column::kDeadLetters);
  for (rows.to_first(); rows.valid(); rows.next()) {
    letter.id = rows.key();
    if (!decode(rows.value(), letter)) handle.fail_corrupt(Column::kDeadLetters, "a row is malformed");
    ledgers_.dead_letters.add(letter.id, bytes_of(letter));
  }
  UndeliveredEvent event;
  Scan events(handle, Column::kUndelivered);
  for (events.to_first(); events.valid(); events.next()) {
    if (!decode(events.value(), event)) handle.fail_corrupt(Column::kUndelivered, "a row is malformed");
    ledgers_.undelivered.add(events.key(), bytes_of(event));
  }
}

}  // namespace inboxd::store
