#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "engine/ports.hpp"
#include "store/rocksdb_options.hpp"

namespace inboxd::store {

/// The tables: RocksDB's column families (docs/storage.md). RocksDB wants one called `default`; it holds what
/// the store says of itself.
enum class Column : std::size_t {
  kMeta,
  kMessages,
  kTimelines,
  kConversations,
  kConversationOrder,
  kGroups,
  kIdempotency,
  kFingerprints,
  kDeadLetters,
  kOutbox,
  kJobs,
  kJobBulk,
  kJobProgress,
};

inline constexpr std::array<const char*, 13> kColumnNames = {
    "default", "messages",    "timelines",    "conversations", "conversation_order",
    "groups",  "idempotency", "fingerprints", "dead_letters",  "outbox",
    "jobs",    "job_bulk",    "job_progress",
};

rocksdb::DBOptions database_options(const RocksDbOptions& options);

/// Of every table, in the order of Column. The tables share one block cache.
std::vector<rocksdb::ColumnFamilyDescriptor> column_descriptors(const RocksDbOptions& options,
                                                                const Clock& clock);

}  // namespace inboxd::store
