#pragma once

#include <rocksdb/env.h>

#include <memory>

namespace inboxd::store {

/// `base`, or the machine's where it is null, but that a log's file has its full size from the start, with
/// zeros behind what was written. Where each append moves the end of the file, each fdatasync writes the file
/// system's journal as well as the data. Whoever reads the log takes zeros for its end. `base` must outlive
/// it.
std::unique_ptr<rocksdb::Env> with_full_size_logs(rocksdb::Env* base);

}  // namespace inboxd::store
