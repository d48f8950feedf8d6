#pragma once

#include <rocksdb/compaction_filter.h>

#include <chrono>
#include <memory>

#include "engine/ports.hpp"

namespace inboxd::store {

/// Drop rows that have expired while their table is rewritten. They ask the clock from RocksDB's threads; it
/// must outlive the database. The first is for tables whose values begin with their expiry.
std::shared_ptr<rocksdb::CompactionFilterFactory> make_expiry_filter(const Clock& clock);
std::shared_ptr<rocksdb::CompactionFilterFactory> make_arrival_filter(const Clock& clock,
                                                                      std::chrono::milliseconds retention);

}  // namespace inboxd::store
