#include "store/rocksdb_scan.hpp"

#include <utility>

namespace inboxd::store {

namespace {

rocksdb::Iterator* rows_of(const RocksDbHandle& handle, Column column, const rocksdb::ReadOptions& options) {
  auto* const table = handle.column(column);
  return table == nullptr ? rocksdb::NewEmptyIterator() : handle.db().NewIterator(options, table);
}

}  // namespace

Scan::Scan(const RocksDbHandle& handle, Column column)
    : handle_(handle), rows_(rows_of(handle, column, {})) {}

Scan::Scan(const RocksDbHandle& handle, Column column, std::string lower, std::string upper,
           const rocksdb::Snapshot* snapshot)
    : handle_(handle),
      lower_(std::move(lower)),
      upper_(std::move(upper)),
      lower_slice_(lower_),
      upper_slice_(upper_) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  options.iterate_lower_bound = &lower_slice_;
  options.iterate_upper_bound = &upper_slice_;
  rows_.reset(rows_of(handle, column, options));
}

void Scan::to_first() { rows_->SeekToFirst(); }
void Scan::to_last() { rows_->SeekToLast(); }
void Scan::to(std::string_view key) { rows_->Seek({key.data(), key.size()}); }
void Scan::next() { rows_->Next(); }
void Scan::previous() { rows_->Prev(); }

bool Scan::valid() const {
  if (rows_->Valid()) return true;
  if (const auto status = rows_->status(); !status.ok()) handle_.fail(status, "read");
  return false;
}

std::string_view Scan::key() const { return {rows_->key().data(), rows_->key().size()}; }
std::string_view Scan::value() const { return {rows_->value().data(), rows_->value().size()}; }

}  // namespace inboxd::store
