#pragma once

#include <cstdint>
#include <memory>
#include <shared_mutex>

#include "core/result.hpp"
#include "engine/ports.hpp"
#include "store/rocksdb_handle.hpp"

namespace inboxd::store {

/// A database that is opened anew when it has stopped to take writes. RocksDB can resume by itself after some
/// errors, but not after others that a full disk brings about too (no space for a new log file); opening it
/// again heals every one, and checks the log. Safe for use from several threads.
class RecoveringDb {
 public:
  /// Keeps the database open while it lives. Short-lived: an opening waits for all leases to end, and a
  /// thread that holds one must not ask for another.
  class Lease {
   public:
    const RocksDbHandle& operator*() const noexcept { return *handle_; }
    const RocksDbHandle* operator->() const noexcept { return handle_; }
    /// Grows with every opening.
    std::uint64_t generation() const noexcept { return generation_; }

   private:
    friend class RecoveringDb;
    std::shared_lock<std::shared_mutex> lock_;
    const RocksDbHandle* handle_ = nullptr;
    std::uint64_t generation_ = 0;
  };

  /// `clock` must outlive it.
  static Result<std::unique_ptr<RecoveringDb>, StoreError> open(const RocksDbOptions& options,
                                                                const Clock& clock);

  const RocksDbOptions& options() const noexcept { return options_; }
  RocksDbHealth& health() const noexcept { return *health_; }

  /// Throws StoreError where an earlier opening failed and this one does too.
  Lease lease();

  /// To be called before a write: opens the database anew if it has stopped to take writes and the disk has
  /// space again. Throws StoreError where it still takes none, or is open read-only.
  void recover();

 private:
  RecoveringDb(const RocksDbOptions& options, const Clock& clock)
      : options_(options), clock_(clock), health_(std::make_shared<RocksDbHealth>()) {}

  Result<void, StoreError> open_again();
  void check_space() const;

  RocksDbOptions options_;
  const Clock& clock_;
  std::shared_ptr<RocksDbHealth> health_;
  std::shared_mutex mutex_;                // shared by leases; guards the two below
  std::unique_ptr<RocksDbHandle> handle_;  // null only after an opening that failed
  std::uint64_t generation_ = 0;
};

}  // namespace inboxd::store
