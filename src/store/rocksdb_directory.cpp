#include "store/rocksdb_directory.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>

#include "store/rocksdb_columns.hpp"
#include "store/rocksdb_error.hpp"

namespace inboxd::store {
namespace {

using Kind = StoreError::Kind;
namespace fs = std::filesystem;

Kind kind_of(std::error_code code) {
  if (code == std::errc::no_space_on_device) return Kind::kFull;
  if (code == std::errc::permission_denied || code == std::errc::operation_not_permitted ||
      code == std::errc::read_only_file_system) {
    return Kind::kPermission;
  }
  return Kind::kIo;
}

Failure<StoreError> failure(const RocksDbOptions& options, std::error_code code) {
  return Failure<StoreError>(store_error(kind_of(code), options.directory, "open", code.message()));
}

std::error_code make_directory(const fs::path& directory) {
  // Not create_directories(): that gives everyone the right to read what it makes, if only for a moment.
  if (::mkdir(directory.c_str(), S_IRWXU) == 0 || errno == EEXIST) return {};
  return {errno, std::generic_category()};
}

/// Whether there are rows' files though the file that says which of them count is gone.
Result<bool, std::error_code> has_orphans(const fs::path& directory) {
  std::error_code code;
  fs::directory_iterator files(directory, code);
  if (code) return Failure<std::error_code>(code);
  return std::any_of(begin(files), end(files), [](const fs::directory_entry& file) {
    return file.path().extension() == ".sst" || file.path().extension() == ".log";
  });
}

bool knows(const std::string& table) { return column_of(table).has_value(); }

/// A table that we do not know is a later version's. Asked before anything is opened, so that nothing is
/// changed.
Result<void, StoreError> check_tables(const RocksDbOptions& options) {
  std::vector<std::string> tables;
  const auto status =
      rocksdb::DB::ListColumnFamilies(database_options(options), options.directory.string(), &tables);
  if (!status.ok()) return Failure<StoreError>(store_error(status, options.directory, "open"));
  const auto unknown = std::find_if_not(tables.begin(), tables.end(), knows);
  if (unknown == tables.end()) return {};
  return Failure<StoreError>(
      store_error(Kind::kNewer, options.directory, "open", "it has the unknown table " + *unknown));
}

}  // namespace

Result<bool, StoreError> prepare_directory(const RocksDbOptions& options) {
  if (!options.read_only) {
    if (const auto code = make_directory(options.directory)) return failure(options, code);
  }
  std::error_code code;
  if (fs::exists(options.directory / "CURRENT", code)) {
    if (auto checked = check_tables(options); !checked) return Failure<StoreError>(checked.error());
    return true;
  }
  if (code) return failure(options, code);
  const auto orphans = has_orphans(options.directory);
  if (!orphans) return failure(options, orphans.error());
  if (*orphans) {
    return Failure<StoreError>(
        store_error(Kind::kCorrupt, options.directory, "open", "it has data files, but no file CURRENT"));
  }
  if (options.read_only) {
    return Failure<StoreError>(store_error(Kind::kIo, options.directory, "open", "there is none yet"));
  }
  return false;
}

std::string table_list_version(const fs::path& directory) {
  // CURRENT names the file that holds the list, to which changes are appended.
  std::string name;
  std::ifstream(directory / "CURRENT") >> name;
  std::error_code ignored;
  return name + ":" + std::to_string(fs::file_size(directory / name, ignored));
}

}  // namespace inboxd::store
