#pragma once

#include <filesystem>
#include <string>

#include "core/result.hpp"
#include "engine/ports.hpp"
#include "store/rocksdb_options.hpp"

namespace inboxd::store {

/// Makes the directory where it may, and says whether it can hold a store that this version opens: `true`
/// where one is there already, `false` where it is empty and a new store may be made.
Result<bool, StoreError> prepare_directory(const RocksDbOptions& options);

/// Changes whenever the list of the store's table files does.
std::string table_list_version(const std::filesystem::path& directory);

}  // namespace inboxd::store
