#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
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
  kUndelivered,
  kArrivals,
  kPresence,
  kInstances,
};

inline constexpr std::array<const char*, 17> kColumnNames = {
    "default",  "messages",    "timelines",    "conversations", "conversation_order",
    "groups",   "idempotency", "fingerprints", "dead_letters",  "outbox",
    "jobs",     "job_bulk",    "job_progress", "undelivered",   "arrivals",
    "presence", "instances",
};

/// The row of the table `default` that holds the sequence floor, decimal.
inline constexpr std::string_view kFloorKey = "sequence_floor";

rocksdb::DBOptions database_options(const RocksDbOptions& options);

/// Of every table, in the order of Column. The tables share one block cache.
std::vector<rocksdb::ColumnFamilyDescriptor> column_descriptors(const RocksDbOptions& options,
                                                                const Clock& clock);

}  // namespace inboxd::store
