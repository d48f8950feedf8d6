#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <array>
#include <cstddef>
#include <optional>
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
  kBlocks,
  kBlockers,
  kBans,
  kFilters,
  kPublications,
  kSessions,
  kSessionQueue,
  kSessionPackets,
  kRetained,
};

inline constexpr std::array<const char*, 26> kColumnNames = {
    "default",  "messages",     "timelines",    "conversations", "conversation_order",
    "groups",   "idempotency",  "fingerprints", "dead_letters",  "outbox",
    "jobs",     "job_bulk",     "job_progress", "undelivered",   "arrivals",
    "presence", "instances",    "blocks",       "blockers",      "bans",
    "filters",  "publications", "sessions",     "session_queue", "session_packets",
    "retained",
};

/// The first of the tables that came later: a store that an earlier version wrote, and that is only read, may
/// lack it and those that follow. Opening one for writing makes them.
inline constexpr Column kFirstLaterColumn = Column::kBlocks;

/// The table of that name, if this version has one.
std::optional<Column> column_of(std::string_view name) noexcept;

/// Whether compaction drops rows of it, those that have expired.
bool expires(Column column) noexcept;

/// The row of the table `default` that holds the sequence floor, decimal.
inline constexpr std::string_view kFloorKey = "sequence_floor";

/// The row of the table `default` that holds the highest sequence of the table `session_queue`, decimal.
inline constexpr std::string_view kQueueSequenceKey = "queue_sequence";

rocksdb::DBOptions database_options(const RocksDbOptions& options);

/// Of every table, in the order of Column. The tables share one block cache.
std::vector<rocksdb::ColumnFamilyDescriptor> column_descriptors(const RocksDbOptions& options,
                                                                const Clock& clock);

}  // namespace inboxd::store
