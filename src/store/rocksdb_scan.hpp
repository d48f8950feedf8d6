#pragma once

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>

#include <memory>
#include <string>
#include <string_view>

#include "store/rocksdb_handle.hpp"

namespace inboxd::store {

/// A walk over the rows of one table, of which it sees one moment's state. Throws StoreError where a row
/// cannot be read.
class Scan {
 public:
  /// Over all rows.
  Scan(const RocksDbHandle& handle, Column column);
  /// Over the keys from `lower` (included) to `upper` (excluded), as `snapshot` (not owned; may be null) sees
  /// them.
  Scan(const RocksDbHandle& handle, Column column, std::string lower, std::string upper,
       const rocksdb::Snapshot* snapshot = nullptr);
  ~Scan() = default;
  Scan(const Scan&) = delete;
  Scan& operator=(const Scan&) = delete;

  void to_first();
  void to_last();
  void to(std::string_view key);
  void next();
  void previous();

  /// Whether it stands on a row.
  bool valid() const;
  /// Both live until the next move.
  std::string_view key() const;
  std::string_view value() const;

 private:
  const RocksDbHandle& handle_;
  std::string lower_;
  std::string upper_;
  rocksdb::Slice lower_slice_;
  rocksdb::Slice upper_slice_;
  std::unique_ptr<rocksdb::Iterator> rows_;
};

}  // namespace inboxd::store
