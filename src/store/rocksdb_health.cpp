#include "store/rocksdb_health.hpp"

namespace inboxd::store {
namespace {

/// Whether writing has stopped. Where only compaction has, commits go on and RocksDB looks after itself.
bool stops_writing(const rocksdb::Status& error) {
  return error.severity() >= rocksdb::Status::Severity::kHardError;
}

}  // namespace

void RocksDbHealth::OnBackgroundError(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status* error) {
  if (stops_writing(*error)) set_writable(false);
}

void RocksDbHealth::OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status error,
                                         bool* automatic) {
  // RecoveringDb does it, for every kind of error.
  if (stops_writing(error)) *automatic = false;
}

}  // namespace inboxd::store
