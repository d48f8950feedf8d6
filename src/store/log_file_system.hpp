#pragma once

#include <rocksdb/env.h>

#include <memory>

namespace inboxd::store {

/// `base`, or the machine's where it is null, but for RocksDB's logs (`*.log`). Where each append moves the
/// end of the file, each fdatasync writes the file system's journal as well as the data; so a log has its
/// full size from the start, with zeros behind what was written. Who reads it finds its end where zeros stand
/// in a record's place: RocksDB itself would step over them, and go on with what comes after a gap. `base`
/// must outlive it.
std::unique_ptr<rocksdb::Env> with_full_size_logs(rocksdb::Env* base);

}  // namespace inboxd::store
