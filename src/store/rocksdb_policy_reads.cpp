#include <string>
#include <utility>

#include "store/recovering_db.hpp"
#include "store/rocksdb_find.hpp"
#include "store/rocksdb_handle.hpp"
#include "store/rocksdb_scan.hpp"
#include "store/rocksdb_store.hpp"
#include "store/row_codec.hpp"
#include "store/row_keys.hpp"

/// Reads of what says who may write to whom, and what: blocks, bans, filters.
namespace inboxd::store {
namespace {

/// The rows whose keys are a prefix and one id more, in the order of that id.
class IdScan {
 public:
  /// Those after `after`, which may be an id without a row.
  IdScan(const RocksDbHandle& handle, Column column, const std::string& prefix,
         const std::optional<PartyId>& after)
      : handle_(handle),
        column_(column),
        prefix_bytes_(prefix.size()),
        rows_(handle, column, first_key(prefix, after), after_prefix(prefix)) {
    rows_.to_first();
  }

  bool valid() const { return rows_.valid(); }
  void next() { rows_.next(); }

  PartyId id() const {
    const auto parts = split_key(rows_.key().substr(prefix_bytes_), 1);
    if (!parts || !parts->back().empty()) handle_.fail_corrupt(column_, "a key is malformed");
    return PartyId(std::string(parts->front()));
  }

  /// Completes `row`.
  template <class Row>
  Row read(Row row) const {
    if (!decode(rows_.value(), row)) handle_.fail_corrupt(column_, kMalformed);
    return row;
  }

 private:
  static std::string first_key(std::string prefix, const std::optional<PartyId>& after) {
    // With one NUL it is the key of `after`; with another, the smallest above that one.
    if (after) prefix.append(after->view()).append(2, '\0');
    return prefix;
  }

  const RocksDbHandle& handle_;
  Column column_;
  std::size_t prefix_bytes_;
  Scan rows_;
};

}  // namespace

std::optional<BlockRow> RocksDbStore::block(const AppId& app, const PartyId& owner,
                                            const PartyId& user) const {
  const auto db = db_->lease();
  BlockRow wanted{.app = app, .owner = owner, .user = user};
  std::string key;
  block_key(key, wanted);
  return find(*db, Column::kBlocks, key, std::move(wanted));
}

std::vector<BlockRow> RocksDbStore::blocks(const AppId& app, const PartyId& owner,
                                           const std::optional<PartyId>& after, std::size_t limit) const {
  const auto db = db_->lease();
  std::string prefix;
  owner_prefix(prefix, app, owner);
  std::vector<BlockRow> rows;
  for (IdScan scan(*db, Column::kBlocks, prefix, after); rows.size() < limit && scan.valid(); scan.next()) {
    rows.push_back(scan.read(BlockRow{.app = app, .owner = owner, .user = scan.id()}));
  }
  return rows;
}

std::vector<PartyId> RocksDbStore::blockers(const AppId& app, const PartyId& user, std::size_t limit) const {
  const auto db = db_->lease();
  std::string prefix;
  owner_prefix(prefix, app, user);
  std::vector<PartyId> owners;
  for (IdScan scan(*db, Column::kBlockers, prefix, {}); owners.size() < limit && scan.valid(); scan.next()) {
    owners.push_back(scan.id());
  }
  return owners;
}

std::optional<BanRow> RocksDbStore::ban(const AppId& app, const PartyId& user) const {
  const auto db = db_->lease();
  std::string key;
  ban_key(key, app, user);
  return find(*db, Column::kBans, key, BanRow{.app = app, .user = user});
}

std::vector<BanRow> RocksDbStore::bans(const AppId& app, const std::optional<PartyId>& after,
                                       std::size_t limit) const {
  const auto db = db_->lease();
  std::string prefix;
  app_prefix(prefix, app);
  std::vector<BanRow> rows;
  for (IdScan scan(*db, Column::kBans, prefix, after); rows.size() < limit && scan.valid(); scan.next()) {
    rows.push_back(scan.read(BanRow{.app = app, .user = scan.id()}));
  }
  return rows;
}

std::optional<FilterDocument> RocksDbStore::filters(const AppId& app) const {
  const auto db = db_->lease();
  std::string key;
  app_prefix(key, app);
  return find(*db, Column::kFilters, key, FilterDocument{.app = app});
}

}  // namespace inboxd::store
