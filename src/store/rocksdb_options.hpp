#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace rocksdb {
class Env;
}

namespace inboxd::store {

/// When a commit has reached the disk.
enum class Sync {
  kBatch,  ///< before commit() returns: it survives a power failure
  kNone,   ///< when the system writes it back: it survives the end of the process, not of the machine
};

struct RocksDbOptions {
  /// Created with mode 0700 if absent; its parent must exist.
  std::filesystem::path directory;
  Sync sync = Sync::kBatch;
  std::size_t max_dead_letters = 10'000;
  std::uint64_t max_dead_letter_bytes = std::uint64_t{64} * 1024 * 1024;
  std::size_t max_undelivered = 10'000;
  std::uint64_t max_undelivered_bytes = std::uint64_t{64} * 1024 * 1024;
  /// For how long arrivals are kept, at least.
  std::chrono::milliseconds arrival_retention = std::chrono::hours(7 * 24);
  /// Reads what was committed before it was opened, also while another process has the store open for
  /// writing. Writes nothing at all.
  bool read_only = false;
  /// Blocks of table files kept in memory, their indexes and filters included.
  std::size_t block_cache_bytes = std::size_t{8} * 1024 * 1024;
  /// What all tables together gather in memory before they write it to table files. While those are being
  /// written it can be thrice that.
  std::size_t write_buffer_bytes = std::size_t{64} * 1024 * 1024;
  /// The file system to use instead of the machine's, for tests that make it fail. Must outlive the store.
  /// Not owned.
  rocksdb::Env* env = nullptr;
};

}  // namespace inboxd::store
