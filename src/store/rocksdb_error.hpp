#pragma once

#include <rocksdb/status.h>

#include <filesystem>
#include <string_view>

#include "engine/ports.hpp"

namespace inboxd::store {

/// The engine's view of a RocksDB status that is not ok. The message says what failed (`doing`, e.g.
/// "write"), where, RocksDB's own words, and what an operator can do.
StoreError store_error(const rocksdb::Status& status, const std::filesystem::path& directory,
                       std::string_view doing);

/// The same form of message where the reason is known without RocksDB.
StoreError store_error(StoreError::Kind kind, const std::filesystem::path& directory, std::string_view doing,
                       std::string_view reason);

}  // namespace inboxd::store
