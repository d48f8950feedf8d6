#pragma once

#include <rocksdb/env.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace inboxd::test {

/// The machine's file system with faults on order: for RocksDB to run on. Remembers how much of each file was
/// synced.
class FaultyDisk {
 public:
  FaultyDisk();
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  rocksdb::Env* env() const noexcept { return env_.get(); }

  /// From now on nothing can be written, for want of space; until free().
  void fill();
  void free();

  /// The next attempt to sync a file fails, with what was written in it all the same.
  void fail_next_sync();

  /// The power goes: whatever `directory` holds on the disk at this moment is copied to `survivor`, without
  /// all that was not synced, but for `torn` bytes of each log. Files keep their size, and end in zeros.
  /// Nothing more can be written.
  void cut_power(const std::filesystem::path& directory, const std::filesystem::path& survivor,
                 std::uint64_t torn = 0);

  struct State;

 private:
  std::shared_ptr<State> state_;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace inboxd::test
