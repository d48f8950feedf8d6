#include <fstream>
#include <map>

#include "contract/child_process.hpp"
#include "contract/store_fixture.hpp"
#include "store/rocksdb_handle.hpp"
#include "store/rocksdb_scan.hpp"
#include "tools/numbered_commits.hpp"

// What the RocksDB store promises beyond every store: how it opens, what it refuses, what it leaves on the
// disk.
namespace inboxd::test {
namespace {

namespace fs = std::filesystem;
using store::RocksDbOptions;
using store::RocksDbStore;

class RocksDbStoreTest : public testing::Test {
 protected:
  RocksDbStoreTest() {
    options_.directory = directory_.path() / "store";
    options_.sync = store::Sync::kNone;
  }

  std::unique_ptr<RocksDbStore> open() { return open_rocksdb(options_, clock_); }

  /// The error of opening, which must fail; its message must name the directory.
  StoreError::Kind refusal() { return refusal(options_); }
  StoreError::Kind refusal(const RocksDbOptions& options) {
    const auto opened = RocksDbStore::open(options, clock_);
    if (opened) throw std::logic_error("the store was opened");
    EXPECT_THAT(opened.error().what(), testing::HasSubstr(options.directory.string()));
    return opened.error().kind();
  }

  RocksDbOptions read_only() const {
    auto options = options_;
    options.read_only = true;
    return options;
  }

  void write(std::uint64_t commits) {
    const auto store = open();
    for (std::uint64_t number = 1; number <= commits; ++number) store->commit(numbered_commit(number));
  }

  /// Leaves what an earlier version would have written.
  void drop_later_tables() {
    std::vector<store::Column> later;
    for (auto i = static_cast<std::size_t>(store::kFirstLaterColumn); i < store::kColumnNames.size(); ++i) {
      later.push_back(static_cast<store::Column>(i));
    }
    drop_tables(later);
    EXPECT_FALSE(has_later_tables());
  }

  void drop_tables(const std::vector<store::Column>& tables) {
    const auto handle = store::RocksDbHandle::open(options_, clock_).value();
    for (const auto table : tables) ASSERT_TRUE(handle->db().DropColumnFamily(handle->column(table)).ok());
  }

  void compact(store::Column column) {
    const auto handle = store::RocksDbHandle::open(options_, clock_).value();
    rocksdb::CompactRangeOptions all;
    all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    ASSERT_TRUE(handle->db().CompactRange(all, handle->column(column), nullptr, nullptr).ok());
  }

  bool has_later_tables() const {
    std::vector<std::string> present;
    const auto listed = rocksdb::DB::ListColumnFamilies({}, options_.directory.string(), &present);
    EXPECT_TRUE(listed.ok());
    return std::any_of(present.begin(), present.end(), [](const std::string& name) {
      return store::column_of(name) >= store::kFirstLaterColumn;
    });
  }

  std::vector<fs::path> files(const std::string& beginning, const std::string& extension) {
    std::vector<fs::path> found;
    for (const auto& file : fs::directory_iterator(options_.directory)) {
      if (file.path().filename().string().starts_with(beginning) && file.path().extension() == extension) {
        found.push_back(file.path());
      }
    }
    return found;
  }

  TemporaryDirectory directory_;
  ManualClock clock_;
  RocksDbOptions options_;
};

TEST_F(RocksDbStoreTest, OpeningAgainFindsEverything) {
  write(100);
  EXPECT_EQ(count_numbered(*open()), 100U);
}

const PartyId alice{"alice"};
const PartyId bob{"bob"};

Commit policies() {
  Commit commit;
  commit.blocks = {{test_app, alice, bob, 1000}};
  commit.bans = {{test_app, bob, "spam", 1000, 9000}};
  commit.filters = {{test_app, 1000, R"({"filters":[]})"}};
  return commit;
}

void expect_policies(const Store& store) {
  const Commit expected = policies();
  EXPECT_EQ(store.block(test_app, alice, bob), expected.blocks[0]);
  EXPECT_EQ(store.blocks(test_app, alice, {}, 10), expected.blocks);
  EXPECT_THAT(store.blockers(test_app, bob, 10), testing::ElementsAre(alice));
  EXPECT_EQ(store.ban(test_app, bob), expected.bans[0]);
  EXPECT_EQ(store.bans(test_app, {}, 10), expected.bans);
  EXPECT_EQ(store.filters(test_app), expected.filters[0]);
}

void expect_no_policies(const Store& store) {
  EXPECT_FALSE(store.block(test_app, alice, bob));
  EXPECT_TRUE(store.blocks(test_app, alice, {}, 10).empty());
  EXPECT_TRUE(store.blockers(test_app, bob, 10).empty());
  EXPECT_FALSE(store.ban(test_app, bob));
  EXPECT_TRUE(store.bans(test_app, {}, 10).empty());
  EXPECT_FALSE(store.filters(test_app));
}

TEST_F(RocksDbStoreTest, PoliciesSurviveReopening) {
  open()->commit(policies());
  expect_policies(*open());
  expect_policies(*open_rocksdb(read_only(), clock_));
}

TEST_F(RocksDbStoreTest, RemovedPoliciesStayAway) {
  open()->commit(policies());
  Commit removal;
  removal.removed_blocks = policies().blocks;
  removal.removed_bans = policies().bans;
  removal.filters = {{test_app, 2000, "{}"}};
  open()->commit(removal);
  const auto store = open();
  EXPECT_FALSE(store->block(test_app, alice, bob));
  EXPECT_TRUE(store->blockers(test_app, bob, 10).empty());
  EXPECT_FALSE(store->ban(test_app, bob));
  EXPECT_EQ(store->filters(test_app), removal.filters[0]);
}

TEST_F(RocksDbStoreTest, AStoreOfBeforeThePoliciesOpensAndTakesThem) {
  write(50);
  drop_later_tables();
  const auto store = open();
  EXPECT_EQ(count_numbered(*store), 50U);
  expect_no_policies(*store);
  store->commit(policies());
  expect_policies(*store);
}

TEST_F(RocksDbStoreTest, AReaderOfAStoreOfBeforeThePoliciesFindsNone) {
  write(50);
  drop_later_tables();
  const auto reader = open_rocksdb(read_only(), clock_);
  EXPECT_EQ(count_numbered(*reader), 50U);
  expect_no_policies(*reader);
  EXPECT_FALSE(has_later_tables()) << "a reader makes no tables";
}

TEST_F(RocksDbStoreTest, AStoreWithoutATableOfTheFirstVersionIsNotRead) {
  write(1);
  drop_tables({store::Column::kTimelines});
  EXPECT_EQ(refusal(read_only()), StoreError::Kind::kIo);
}

TEST_F(RocksDbStoreTest, AStoreThatWasLeftWhileItsTablesWereMadeOpens) {
  write(50);
  drop_tables({store::Column::kBlockers, store::Column::kFilters});
  expect_no_policies(*open_rocksdb(read_only(), clock_));
  const auto store = open();
  store->commit(policies());
  expect_policies(*store);
  expect_policies(*open_rocksdb(read_only(), clock_));
}

TEST_F(RocksDbStoreTest, ABlockWithADamagedKeyIsACorruption) {
  const std::map<std::string, std::string> keys = {{"unended", std::string("tilechat\0bob\0alice", 18)},
                                                   {"too-long", std::string("tilechat\0bob\0alice\0x", 20)}};
  for (const auto& [name, key] : keys) {
    options_.directory = directory_.path() / name;
    {
      const auto handle = store::RocksDbHandle::open(options_, clock_).value();
      auto* blockers = handle->column(store::Column::kBlockers);
      ASSERT_TRUE(handle->db().Put({}, blockers, key, "").ok());
    }
    const auto store = open();
    EXPECT_THROW(store->blockers(test_app, bob, 10), StoreError) << name;
    EXPECT_FALSE(store->healthy());
  }
}

TEST_F(RocksDbStoreTest, TheDirectoryIsItsOwnersAlone) {
  open();
  EXPECT_EQ(fs::status(options_.directory).permissions(), fs::perms::owner_all);
}

TEST_F(RocksDbStoreTest, DeadLetterBoundsCountWhatWasThereBefore) {
  options_.max_dead_letters = 3;
  Commit commit;
  commit.dead_letters = {dead_letter_of("d1"), dead_letter_of("d2"), dead_letter_of("d3")};
  open()->commit(commit);
  commit.dead_letters = {dead_letter_of("d4")};
  const auto store = open();
  store->commit(commit);
  EXPECT_EQ(store->dead_letters(10).size(), 3U);
  EXPECT_FALSE(store->dead_letter("d1"));
}

TEST_F(RocksDbStoreTest, OneProcessOwnsIt) {
  const auto store = open();
  EXPECT_EQ(refusal(), StoreError::Kind::kLocked);
}

TEST_F(RocksDbStoreTest, AnotherProcessCannotOpenItEither) {
  ChildProcess owner({STORE_WRITER, options_.directory.string(), "none", "1000000000"});
  ASSERT_TRUE(owner.read_line());
  EXPECT_EQ(refusal(), StoreError::Kind::kLocked);
}

TEST_F(RocksDbStoreTest, AReaderSeesWhatWasCommittedWhileAnotherWrites) {
  ChildProcess writer({STORE_WRITER, options_.directory.string(), "none", "1000000000"});
  std::uint64_t committed = 0;
  while (committed < 500) committed = std::stoull(writer.read_line().value());
  const auto reader = open_rocksdb(read_only(), clock_);
  EXPECT_GE(count_numbered(*reader), committed);
}

TEST_F(RocksDbStoreTest, AReaderLeavesNoTrace) {
  write(10);
  const auto before = std::distance(fs::directory_iterator(options_.directory), {});
  const auto reader = open_rocksdb(read_only(), clock_);
  EXPECT_EQ(std::distance(fs::directory_iterator(options_.directory), {}), before);
  EXPECT_FALSE(reader->healthy());
  try {
    reader->commit(numbered_commit(11));
    FAIL() << "it was written";
  } catch (const StoreError& error) {
    EXPECT_EQ(error.kind(), StoreError::Kind::kPermission);
  }
}

TEST_F(RocksDbStoreTest, AReaderMakesNoStore) {
  EXPECT_EQ(refusal(read_only()), StoreError::Kind::kIo);
  EXPECT_FALSE(fs::exists(options_.directory));
}

TEST_F(RocksDbStoreTest, ANewerSchemaIsRefused) {
  write(1);
  {
    const auto handle = store::RocksDbHandle::open(options_, clock_).value();
    const auto next = std::to_string(store::kSchemaVersion + 1);
    ASSERT_TRUE(handle->db().Put({}, handle->column(store::Column::kMeta), "schema", next).ok());
  }
  EXPECT_EQ(refusal(), StoreError::Kind::kNewer);
  EXPECT_EQ(refusal(read_only()), StoreError::Kind::kNewer);
}

TEST_F(RocksDbStoreTest, AnUnknownTableIsOfANewerVersion) {
  write(1);
  {
    const auto handle = store::RocksDbHandle::open(options_, clock_).value();
    rocksdb::ColumnFamilyHandle* table = nullptr;
    ASSERT_TRUE(handle->db().CreateColumnFamily({}, "reactions", &table).ok());
    ASSERT_TRUE(handle->db().DestroyColumnFamilyHandle(table).ok());
  }
  EXPECT_EQ(refusal(), StoreError::Kind::kNewer);
}

TEST_F(RocksDbStoreTest, ADatabaseOfSomethingElseIsRefused) {
  fs::create_directory(options_.directory);
  {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, options_.directory.string(), &db).ok());
    const std::unique_ptr<rocksdb::DB> owner(db);
    ASSERT_TRUE(db->Put({}, "key", "value").ok());
  }
  EXPECT_EQ(refusal(), StoreError::Kind::kCorrupt);
}

TEST_F(RocksDbStoreTest, AFileInThePlaceOfItsDirectoryIsAnError) {
  std::ofstream(options_.directory) << "a file";
  EXPECT_EQ(refusal(), StoreError::Kind::kIo);
}

TEST_F(RocksDbStoreTest, AMissingParentIsAnError) {
  options_.directory = directory_.path() / "none" / "store";
  EXPECT_EQ(refusal(), StoreError::Kind::kIo);
}

TEST_F(RocksDbStoreTest, DamagedRecordsOfItsFilesAreACorruption) {
  write(1);
  const auto current = options_.directory / "CURRENT";
  std::ofstream(current) << "nonsense";
  EXPECT_EQ(refusal(), StoreError::Kind::kCorrupt);
  std::ofstream(current) << "MANIFEST-999999\n";
  EXPECT_EQ(refusal(), StoreError::Kind::kCorrupt);
  fs::remove(current);
  EXPECT_EQ(refusal(), StoreError::Kind::kCorrupt);
}

TEST_F(RocksDbStoreTest, ADamagedManifestIsACorruption) {
  write(1);
  const auto manifests = files("MANIFEST-", "");
  ASSERT_EQ(manifests.size(), 1U);
  std::fstream(manifests[0], std::ios::in | std::ios::out | std::ios::binary).seekp(20) << "nonsense";
  EXPECT_EQ(refusal(), StoreError::Kind::kCorrupt);
}

TEST_F(RocksDbStoreTest, AMissingTableFileIsACorruption) {
  write(10);
  open();  // what the log held has become table files
  const auto tables = files("", ".sst");
  ASSERT_FALSE(tables.empty());
  for (const auto& table : tables) fs::remove(table);
  EXPECT_EQ(refusal(), StoreError::Kind::kCorrupt);
}

TEST_F(RocksDbStoreTest, ADamagedRowIsACorruptionAndTheStoreIsUnhealthy) {
  write(10);
  const auto store = open();
  for (const auto& table : files("", ".sst")) {
    std::fstream file(table, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(0) << std::string(20, 'x');
  }
  EXPECT_TRUE(store->healthy());
  try {
    store->message(test_app, MessageId("m1"));
    FAIL() << "the damage was not seen";
  } catch (const StoreError& error) {
    EXPECT_EQ(error.kind(), StoreError::Kind::kCorrupt);
  }
  EXPECT_FALSE(store->healthy());
}

TEST_F(RocksDbStoreTest, CompactionDropsExpiredPublicationsOnly) {
  clock_.set(1000);
  Commit commit;
  commit.publications = {{"c", 1, {}, test_app, MessageId("m1"), 2000},
                         {"c", 2, {}, test_app, MessageId("m2"), 2001}};
  open()->commit(commit);
  clock_.set(2000);
  compact(store::Column::kPublications);
  const auto store = open();
  EXPECT_FALSE(store->publication("c", 1, 0));
  EXPECT_EQ(store->publication("c", 2, 0), commit.publications[1]);
}

TEST_F(RocksDbStoreTest, CompactionDropsExpiredIdempotencyRowsOnly) {
  clock_.set(1000);
  Commit commit;
  const IdempotencyKey old_key{test_app, PartyId("alice"), PartyId("bob"), "old"};
  const IdempotencyKey new_key{test_app, PartyId("alice"), PartyId("bob"), "new"};
  commit.idempotency = {{old_key, MessageId("m1"), 2000}, {new_key, MessageId("m2"), 2001}};
  open()->commit(commit);
  clock_.set(2000);
  compact(store::Column::kIdempotency);
  const auto store = open();
  EXPECT_FALSE(store->idempotent(old_key, 0));
  EXPECT_EQ(store->idempotent(new_key, 0), MessageId("m2"));
}

TEST_F(RocksDbStoreTest, AConversationKeepsOnePlaceInTheOrderTable) {
  write(50);
  const auto handle = store::RocksDbHandle::open(options_, clock_).value();
  int places = 0;
  store::Scan rows(*handle, store::Column::kConversationOrder);
  for (rows.to_first(); rows.valid(); rows.next()) ++places;
  EXPECT_EQ(places, 2);
}

}  // namespace
}  // namespace inboxd::test
