#pragma once

#include <rocksdb/db.h>
#include <rocksdb/snapshot.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/rocksdb_handle.hpp"
#include "store/row_codec.hpp"

/// Looking up rows by their keys. All throw StoreError.
namespace inboxd::store {

inline constexpr std::string_view kMalformed = "a row is malformed";

inline std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

/// Whether there is such a row; its bytes are pinned in `value`, not copied.
bool get(const RocksDbHandle& handle, Column column, const std::string& key, rocksdb::PinnableSlice& value,
         const rocksdb::Snapshot* snapshot = nullptr);

/// Completes `row`, which holds what the key says, from the table; nothing where the table has no such row.
template <class Row>
std::optional<Row> find(const RocksDbHandle& handle, Column column, const std::string& key, Row row,
                        const rocksdb::Snapshot* snapshot = nullptr) {
  rocksdb::PinnableSlice value;
  if (!get(handle, column, key, value, snapshot)) return std::nullopt;
  if (!decode(view(value), row)) handle.fail_corrupt(column, kMalformed);
  return row;
}

/// The decimal number in a row of the table `default`; 0 where there is no such row.
std::uint64_t read_number(const RocksDbHandle& handle, std::string_view key);

std::uint64_t sequence_of(const RocksDbHandle& handle, Column column, std::string_view key);

/// The bodies that `ids` name, in their order, as many as kMaxReadBytes allows. A missing one is a
/// corruption.
std::vector<StoredMessage> bodies(const RocksDbHandle& handle, const AppId& app,
                                  const std::vector<MessageId>& ids);

}  // namespace inboxd::store
