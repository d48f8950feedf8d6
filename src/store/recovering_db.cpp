#include "store/recovering_db.hpp"

#include <rocksdb/env.h>

#include <mutex>
#include <string>

#include "store/rocksdb_error.hpp"

namespace inboxd::store {
namespace {

constexpr std::size_t kProbeBytes = std::size_t{64} * 1024;

}  // namespace

Result<std::unique_ptr<RecoveringDb>, StoreError> RecoveringDb::open(const RocksDbOptions& options,
                                                                     const Clock& clock) {
  std::unique_ptr<RecoveringDb> db(new RecoveringDb(options, clock));
  if (auto opened = db->open_again(); !opened) return Failure<StoreError>(opened.error());
  return db;
}

RecoveringDb::Lease RecoveringDb::lease() {
  Lease lease;
  lease.lock_ = std::shared_lock(mutex_);
  if (handle_ == nullptr) {
    lease.lock_.unlock();
    recover();
    lease.lock_.lock();
  }
  if (handle_ == nullptr)
    throw store_error(StoreError::Kind::kIo, options_.directory, "open", "it was closed");
  lease.handle_ = handle_.get();
  lease.generation_ = generation_;
  return lease;
}

void RecoveringDb::recover() {
  if (options_.read_only) {
    throw store_error(StoreError::Kind::kPermission, options_.directory, "write", "it is open read-only");
  }
  if (health_->writable()) return;
  const std::unique_lock lock(mutex_);
  if (health_->writable()) return;  // another thread was faster
  check_space();
  if (auto opened = open_again(); !opened) throw StoreError(opened.error());
}

Result<void, StoreError> RecoveringDb::open_again() {
  handle_.reset();
  auto opened = RocksDbHandle::open(options_, clock_, health_);
  health_->set_writable(opened.has_value());
  if (!opened) return Failure<StoreError>(opened.error());
  handle_ = std::move(*opened);
  ++generation_;
  return {};
}

/// Opening needs space, and closes what could be read until then: better to leave it open while there is
/// none.
void RecoveringDb::check_space() const {
  auto* env = options_.env != nullptr ? options_.env : rocksdb::Env::Default();
  std::uint64_t free_bytes = 0;
  if (env->GetFreeSpace(options_.directory.string(), &free_bytes).ok() &&
      free_bytes < options_.write_buffer_bytes) {
    throw store_error(StoreError::Kind::kFull, options_.directory, "write",
                      "only " + std::to_string(free_bytes) + " bytes are free, and " +
                          std::to_string(options_.write_buffer_bytes) + " are needed to go on");
  }
  // What is free need not be ours: there are quotas.
  const auto probe = (options_.directory / "space-probe.tmp").string();
  const auto status = rocksdb::WriteStringToFile(env, std::string(kProbeBytes, '\0'), probe, true);
  env->DeleteFile(probe).PermitUncheckedError();
  if (!status.ok()) throw store_error(status, options_.directory, "write");
}

}  // namespace inboxd::store
