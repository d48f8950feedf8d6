#pragma once

#include <rocksdb/compaction_filter.h>

#include <memory>

#include "engine/ports.hpp"

namespace inboxd::store {

/// Drops idempotency rows that have expired while their table is rewritten. Asks the clock from RocksDB's
/// threads; it must outlive the database.
std::shared_ptr<rocksdb::CompactionFilterFactory> make_expiry_filter(const Clock& clock);

}  // namespace inboxd::store
