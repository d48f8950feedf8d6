#include "store/rocksdb_handle.hpp"

#include <rocksdb/perf_level.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "store/rocksdb_directory.hpp"
#include "store/rocksdb_error.hpp"

namespace inboxd::store {
namespace {

using Kind = StoreError::Kind;

constexpr const char* kSchemaKey = "schema";
constexpr int kReadOnlyAttempts = 50;

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Result<std::unique_ptr<RocksDbHandle>, StoreError> RocksDbHandle::open(
    const RocksDbOptions& options, const Clock& clock, std::shared_ptr<RocksDbHealth> health) {
  const auto exists = prepare_directory(options);
  if (!exists) return Failure<StoreError>(exists.error());
  std::unique_ptr<RocksDbHandle> handle(new RocksDbHandle(options, std::move(health)));
  auto status = handle->open_database(clock, *exists);
  if (!status.ok()) return Failure<StoreError>(handle->error(status));
  if (auto checked = handle->check_schema(); !checked) return Failure<StoreError>(checked.error());
  status = handle->start_expiry();
  if (!status.ok()) return Failure<StoreError>(handle->error(status));
  return handle;
}

rocksdb::Status RocksDbHandle::open_database(const Clock& clock, bool exists) {
  if (options_.read_only) return open_beside_writer(clock);
  return exists ? open_present_tables(clock) : open_tables(clock, {rocksdb::kDefaultColumnFamilyName});
}

/// Who only reads does without the tables that an earlier version did not have. Who writes makes what is
/// missing, in one go: asked to make them while it opens, RocksDB writes down the options of all tables, and
/// reads them back, after each.
rocksdb::Status RocksDbHandle::open_tables(const Clock& clock, const std::vector<std::string>& present) {
  auto tables = column_descriptors(options_, clock);
  const auto first_missing = std::stable_partition(tables.begin(), tables.end(), [&](const auto& table) {
    return std::find(present.begin(), present.end(), table.name) != present.end() ||
           (options_.read_only && column_of(table.name) < kFirstLaterColumn);
  });
  const std::vector<rocksdb::ColumnFamilyDescriptor> missing(first_missing, tables.end());
  tables.erase(first_missing, tables.end());
  auto settings = database_options(options_);
  settings.env = env_.get();
  if (!options_.read_only) settings.listeners.push_back(health_);
  const auto path = options_.directory.string();
  std::vector<rocksdb::ColumnFamilyHandle*> opened;
  rocksdb::DB* db = nullptr;
  auto status = options_.read_only ? rocksdb::DB::OpenForReadOnly(settings, path, tables, &opened, &db)
                                   : rocksdb::DB::Open(settings, path, tables, &opened, &db);
  db_.reset(db);
  if (!status.ok()) return status;
  std::vector<rocksdb::ColumnFamilyHandle*> made;
  if (!options_.read_only && !missing.empty()) status = db_->CreateColumnFamilies(missing, &made);
  columns_.assign(kColumnNames.size(), nullptr);
  opened.insert(opened.end(), made.begin(), made.end());
  for (auto* table : opened) columns_[static_cast<std::size_t>(*column_of(table->GetName()))] = table;
  return status;
}

/// RocksDB reads the list of table files first and the log later. A writer that turns the log into a table
/// file between the two makes rows vanish from both, or a file that is listed: then the list has changed
/// meanwhile, and all is read again.
rocksdb::Status RocksDbHandle::open_beside_writer(const Clock& clock) {
  for (int attempt = 0; attempt < kReadOnlyAttempts; ++attempt) {
    const auto before = table_list_version(options_.directory);
    auto status = open_present_tables(clock);
    if (before == table_list_version(options_.directory)) return status;
    close();
  }
  return rocksdb::Status::TryAgain("its writer changed it each time that it was read");
}

rocksdb::Status RocksDbHandle::open_present_tables(const Clock& clock) {
  std::vector<std::string> present;
  const auto status =
      rocksdb::DB::ListColumnFamilies(database_options(options_), options_.directory.string(), &present);
  return status.ok() ? open_tables(clock, present) : status;
}

Result<void, StoreError> RocksDbHandle::check_schema() {
  std::string value;
  const auto status = db_->Get(rocksdb::ReadOptions(), column(Column::kMeta), kSchemaKey, &value);
  if (status.IsNotFound() && !options_.read_only) return write_schema();
  if (!status.ok() && !status.IsNotFound()) return Failure<StoreError>(error(status));
  const auto version = parse_number(value);
  if (!version || *version == 0) {
    return Failure<StoreError>(
        store_error(Kind::kCorrupt, options_.directory, "open", "it does not say which schema it has"));
  }
  if (*version > kSchemaVersion) {
    return Failure<StoreError>(store_error(
        Kind::kNewer, options_.directory, "open",
        "its schema is " + value + ", and this version knows up to " + std::to_string(kSchemaVersion)));
  }
  return {};
}

Result<void, StoreError> RocksDbHandle::write_schema() {
  const std::unique_ptr<rocksdb::Iterator> rows(
      db_->NewIterator(rocksdb::ReadOptions(), column(Column::kMeta)));
  rows->SeekToFirst();
  if (rows->Valid()) {
    return Failure<StoreError>(store_error(Kind::kCorrupt, options_.directory, "open",
                                           "it is a RocksDB database that inboxd did not make"));
  }
  rocksdb::WriteOptions durable;
  durable.sync = true;
  const auto status = db_->Put(durable, column(Column::kMeta), kSchemaKey, std::to_string(kSchemaVersion));
  if (!status.ok()) return Failure<StoreError>(error(status));
  return {};
}

rocksdb::Status RocksDbHandle::start_expiry() {
  if (options_.read_only) return rocksdb::Status::OK();
  std::vector<rocksdb::ColumnFamilyHandle*> tables;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (expires(static_cast<Column>(i))) tables.push_back(columns_[i]);
  }
  return db_->EnableAutoCompaction(tables);
}

RocksDbHandle::~RocksDbHandle() { close(); }

void RocksDbHandle::close() {
  if (db_ == nullptr) return;
  for (auto* column : columns_) {
    if (column != nullptr) db_->DestroyColumnFamilyHandle(column).PermitUncheckedError();
  }
  columns_.clear();
  db_->Close().PermitUncheckedError();
  db_.reset();
}

void RocksDbHandle::write(rocksdb::WriteBatch& batch, bool durable) const {
  // Of this thread, whichever it is: it would count every comparison of keys, for nobody.
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
  rocksdb::WriteOptions options;
  options.sync = durable;
  const auto status = db_->Write(options, &batch);
  if (status.ok()) return;
  health_->set_writable(false);
  fail(status, "write");
}

StoreError RocksDbHandle::error(const rocksdb::Status& status) const {
  return store_error(status, options_.directory, "open");
}

void RocksDbHandle::fail(const rocksdb::Status& status, std::string_view doing) const {
  const auto error = store_error(status, options_.directory, doing);
  if (error.kind() == Kind::kCorrupt) health_->set_unreadable();
  throw StoreError(error);
}

void RocksDbHandle::fail_corrupt(Column column, std::string_view why) const {
  health_->set_unreadable();
  const std::string table = kColumnNames[static_cast<std::size_t>(column)];
  throw store_error(Kind::kCorrupt, options_.directory, "read", "in table " + table + " " + std::string(why));
}

}  // namespace inboxd::store
