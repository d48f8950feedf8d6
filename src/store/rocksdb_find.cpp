#include "store/rocksdb_find.hpp"

#include <algorithm>
#include <charconv>

#include "store/row_keys.hpp"

namespace inboxd::store {

bool get(const RocksDbHandle& handle, Column column, const std::string& key, rocksdb::PinnableSlice& value,
         const rocksdb::Snapshot* snapshot) {
  if (handle.column(column) == nullptr) return false;
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  const auto status = handle.db().Get(options, handle.column(column), key, &value);
  if (status.IsNotFound()) return false;
  if (!status.ok()) handle.fail(status, "read");
  return true;
}

std::uint64_t read_number(const RocksDbHandle& handle, std::string_view key) {
  rocksdb::PinnableSlice value;
  if (!get(handle, Column::kMeta, std::string(key), value)) return 0;
  std::uint64_t number = 0;
  const char* const end = value.data() + value.size();
  const auto [rest, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc() || rest != end) {
    handle.fail_corrupt(Column::kMeta, "the row " + std::string(key) + " is no number");
  }
  return number;
}

std::uint64_t sequence_of(const RocksDbHandle& handle, Column column, std::string_view key) {
  const auto sequence = parse_sequence(key);
  if (!sequence) handle.fail_corrupt(column, "a key is malformed");
  return *sequence;
}

namespace {

/// Appends the bodies that `keys` name.
void append_bodies(const RocksDbHandle& handle, const AppId& app, const std::vector<MessageId>& ids,
                   std::size_t first, std::size_t count, std::vector<StoredMessage>& result) {
  std::vector<std::string> keys(count);
  for (std::size_t i = 0; i < count; ++i) message_key(keys[i], app, ids[first + i]);
  const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> values(count);
  std::vector<rocksdb::Status> statuses(count);
  handle.db().MultiGet(rocksdb::ReadOptions(), handle.column(Column::kMessages), slices.size(), slices.data(),
                       values.data(), statuses.data());
  for (std::size_t i = 0; i < count; ++i) {
    if (statuses[i].IsNotFound()) {
      handle.fail_corrupt(Column::kMessages,
                          "there is no row for a message that a timeline or conversation holds");
    }
    if (!statuses[i].ok()) handle.fail(statuses[i], "read");
    StoredMessage& message = result.emplace_back();
    message.app = app;
    message.id = ids[first + i];
    if (!decode(view(values[i]), message)) handle.fail_corrupt(Column::kMessages, kMalformed);
  }
}

}  // namespace

std::vector<StoredMessage> bodies(const RocksDbHandle& handle, const AppId& app,
                                  const std::vector<MessageId>& ids) {
  // Some at a time: all of them may be large.
  constexpr std::size_t kAtOnce = 32;
  std::vector<StoredMessage> result;
  result.reserve(ids.size());
  std::size_t bytes = 0;
  while (result.size() < ids.size()) {
    const std::size_t first = result.size();
    append_bodies(handle, app, ids, first, std::min(kAtOnce, ids.size() - first), result);
    for (std::size_t i = first; i < result.size(); ++i) {
      bytes += result[i].json.size();
      if (bytes <= kMaxReadBytes || i == 0) continue;
      result.resize(i);
      return result;
    }
  }
  return result;
}

}  // namespace inboxd::store
