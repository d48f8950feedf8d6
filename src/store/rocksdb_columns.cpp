#include "store/rocksdb_columns.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "store/expiry_filter.hpp"

namespace inboxd::store {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1024} * 1024;
constexpr double kBloomBitsPerKey = 10;
/// Of what is looked for with every message and mostly not there: with 10, one look in a hundred reads a
/// block in vain, of each file.
constexpr double kBloomBitsPerAskedKey = 16;
constexpr std::uint64_t kExpiryRewriteSeconds = std::uint64_t{12} * 3600;
constexpr std::size_t kRemovalWindow = 1024;  // rows

/// RocksDB's own log would be opened in the directory of whoever writes it; a reader leaves no trace there.
class SilentLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

/// How much of the write buffer a table gets, by how fast it grows. The sum is about 1.
std::size_t write_buffer_share(Column column, std::size_t total) {
  switch (column) {
    case Column::kMessages:
    case Column::kTimelines:
      return total / 4;
    case Column::kConversations:
    case Column::kConversationOrder:
    case Column::kIdempotency:
    case Column::kArrivals:
      return total / 8;
    case Column::kFingerprints:
    case Column::kOutbox:
    case Column::kPublications:
    case Column::kSessionQueue:
      return total / 16;
    default:
      return total / 128;
  }
}

/// Whether each message looks up rows of it, most of which are not there.
bool is_asked_by_messages(Column column) {
  return column == Column::kIdempotency || column == Column::kConversations || column == Column::kBlocks ||
         column == Column::kBans || column == Column::kPublications;
}

rocksdb::BlockBasedTableOptions table_options(Column column, const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.filter_policy.reset(
      rocksdb::NewBloomFilterPolicy(is_asked_by_messages(column) ? kBloomBitsPerAskedKey : kBloomBitsPerKey));
  // Otherwise they stay in memory for every open file, and memory grows with the data.
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  return table;
}

/// The beginning of a key that the rows of one timeline, owner or app have in common: so many parts, each
/// with the NUL that ends it.
class FirstParts final : public rocksdb::SliceTransform {
 public:
  explicit FirstParts(std::size_t parts) : parts_(parts) {}

  const char* Name() const override { return "inboxd.FirstParts"; }
  /// A key of fewer parts is a beginning of its own.
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return {key.data(), length_of_parts(key).value_or(key.size())};
  }
  /// Not the parts alone: there a removal of all rows that have them begins. RocksDB keeps such removals in a
  /// table of their own, and would take a place in it for one among the rows.
  bool InDomain(const rocksdb::Slice& key) const override { return length_of_parts(key) != key.size(); }

 private:
  std::optional<std::size_t> length_of_parts(const rocksdb::Slice& key) const {
    std::size_t at = 0;
    for (std::size_t part = 0; part < parts_; ++part) {
      const auto* const end = static_cast<const char*>(std::memchr(key.data() + at, '\0', key.size() - at));
      if (end == nullptr) return std::nullopt;
      at = static_cast<std::size_t>(end - key.data()) + 1;
    }
    return at;
  }

  std::size_t parts_;
};

/// Where rows of one beginning come in the order of their keys, the place of the next is where the last one
/// was: the memory table need not search for it, which took a quarter of the engine's time.
std::optional<std::size_t> parts_before_what_grows(Column column) {
  switch (column) {
    case Column::kMessages:
      return 1;
    case Column::kArrivals:
      return 2;
    case Column::kTimelines:
    case Column::kConversations:
      return 3;
    default:
      return std::nullopt;
  }
}

rocksdb::ColumnFamilyOptions column_options(Column column, const RocksDbOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& cache,
                                            const Clock& clock) {
  rocksdb::ColumnFamilyOptions result;
  result.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options(column, cache)));
  result.write_buffer_size =
      std::max<std::size_t>(write_buffer_share(column, options.write_buffer_bytes), std::size_t{64} * 1024);
  result.max_write_buffer_number = 3;
  result.target_file_size_base = 16 * kMiB;
  result.max_bytes_for_level_base = 64 * kMiB;
  result.level_compaction_dynamic_level_bytes = true;
  // The upper levels are rewritten often and hold a few percent of the data: compressing them costs much and
  // saves little.
  result.compression_per_level = {rocksdb::kNoCompression, rocksdb::kNoCompression, rocksdb::kLZ4Compression};
  if (is_asked_by_messages(column)) {
    // A filter over the memory table answers for what is not there.
    result.memtable_prefix_bloom_size_ratio = 0.05;
    result.memtable_whole_key_filtering = true;
  }
  if (expires(column)) {
    result.compaction_filter_factory = column == Column::kArrivals
                                           ? make_arrival_filter(clock, options.arrival_retention)
                                           : make_expiry_filter(clock);
    result.periodic_compaction_seconds = kExpiryRewriteSeconds;
    // Until the schema is known to be ours: rewriting would drop rows by a format that may not be theirs.
    result.disable_auto_compactions = true;
  }
  if (const auto parts = parts_before_what_grows(column)) {
    result.memtable_insert_with_hint_prefix_extractor = std::make_shared<FirstParts>(*parts);
  }
  if (column == Column::kSessionQueue) {
    // Most of its rows are soon removed. Where a file holds little else than removals, every reader steps
    // over them until they are compacted away.
    result.table_properties_collector_factories.push_back(
        rocksdb::NewCompactOnDeletionCollectorFactory(kRemovalWindow, kRemovalWindow / 2));
  }
  return result;
}

}  // namespace

bool expires(Column column) noexcept {
  return column == Column::kIdempotency || column == Column::kArrivals || column == Column::kPublications;
}

std::optional<Column> column_of(std::string_view name) noexcept {
  const auto found = std::find(kColumnNames.begin(), kColumnNames.end(), name);
  if (found == kColumnNames.end()) return std::nullopt;
  return static_cast<Column>(found - kColumnNames.begin());
}

rocksdb::DBOptions database_options(const RocksDbOptions& options) {
  rocksdb::DBOptions result;
  if (options.env != nullptr) result.env = options.env;
  result.create_if_missing = !options.read_only;
  // What is recovered is a prefix of what was committed: a torn end of the log is dropped, and nothing that
  // follows a damage is applied.
  result.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  result.max_total_wal_size = 2 * options.write_buffer_bytes;
  result.max_background_jobs = 2;
  // Two threads write at most, messages and sessions, so the cheaper memory table inserts will do.
  result.allow_concurrent_memtable_write = false;
  result.enable_write_thread_adaptive_yield = false;
  result.bytes_per_sync = kMiB;
  // A reader keeps every file open: its writer may delete them meanwhile.
  result.max_open_files = options.read_only ? -1 : 512;
  result.max_manifest_file_size = 16 * kMiB;
  result.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  result.max_log_file_size = kMiB;
  result.keep_log_file_num = 4;
  result.stats_dump_period_sec = 0;
  result.stats_persist_period_sec = 0;
  if (options.read_only) result.info_log = std::make_shared<SilentLogger>();
  return result;
}

std::vector<rocksdb::ColumnFamilyDescriptor> column_descriptors(const RocksDbOptions& options,
                                                                const Clock& clock) {
  const auto cache = rocksdb::NewLRUCache(options.block_cache_bytes, 2);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (std::size_t i = 0; i < kColumnNames.size(); ++i) {
    descriptors.emplace_back(kColumnNames[i], column_options(static_cast<Column>(i), options, cache, clock));
  }
  return descriptors;
}

}  // namespace inboxd::store
