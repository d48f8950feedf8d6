#pragma once

#include <rocksdb/db.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "engine/ports.hpp"
#include "store/log_file_system.hpp"
#include "store/rocksdb_columns.hpp"
#include "store/rocksdb_health.hpp"
#include "store/rocksdb_options.hpp"

namespace inboxd::store {

/// The layout of keys and values that this version writes. A store of a later one is refused; see
/// docs/storage.md for earlier ones.
inline constexpr std::uint64_t kSchemaVersion = 1;

/// An open database with all its tables. Closes it when destroyed.
class RocksDbHandle {
 public:
  /// `health` is told of what the database finds out about itself.
  static Result<std::unique_ptr<RocksDbHandle>, StoreError> open(
      const RocksDbOptions& options, const Clock& clock,
      std::shared_ptr<RocksDbHealth> health = std::make_shared<RocksDbHealth>());

  ~RocksDbHandle();
  RocksDbHandle(const RocksDbHandle&) = delete;
  RocksDbHandle& operator=(const RocksDbHandle&) = delete;

  rocksdb::DB& db() const noexcept { return *db_; }
  /// Null where a store of an earlier version, opened read-only, has no such table (kFirstLaterColumn).
  rocksdb::ColumnFamilyHandle* column(Column column) const noexcept {
    return columns_[static_cast<std::size_t>(column)];
  }
  const RocksDbOptions& options() const noexcept { return options_; }

  /// Writes all of `batch`, and waits for the disk if `durable`. Throws StoreError; then the database is to
  /// be opened anew before the next write.
  void write(rocksdb::WriteBatch& batch, bool durable) const;

  /// Throws what `status`, which is not ok, means; `doing` says what failed, e.g. "write".
  [[noreturn]] void fail(const rocksdb::Status& status, std::string_view doing) const;
  /// Throws that a row of `column` does not hold what it should.
  [[noreturn]] void fail_corrupt(Column column, std::string_view why) const;

 private:
  RocksDbHandle(RocksDbOptions options, std::shared_ptr<RocksDbHealth> health)
      : options_(std::move(options)), health_(std::move(health)), env_(with_full_size_logs(options_.env)) {}

  rocksdb::Status open_database(const Clock& clock, bool exists);
  rocksdb::Status open_beside_writer(const Clock& clock);
  rocksdb::Status open_present_tables(const Clock& clock);
  rocksdb::Status open_tables(const Clock& clock, const std::vector<std::string>& present);
  void close();
  Result<void, StoreError> check_schema();
  Result<void, StoreError> write_schema();
  rocksdb::Status start_expiry();
  StoreError error(const rocksdb::Status& status) const;

  RocksDbOptions options_;
  std::shared_ptr<RocksDbHealth> health_;
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> db_;
  // In the order of Column. Owned by db_, to be given back before it closes.
  std::vector<rocksdb::ColumnFamilyHandle*> columns_;
};

}  // namespace inboxd::store
