#include <fstream>

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

TEST_F(RocksDbStoreTest, CompactionDropsExpiredIdempotencyRowsOnly) {
  clock_.set(1000);
  Commit commit;
  const IdempotencyKey old_key{test_app, PartyId("alice"), PartyId("bob"), "old"};
  const IdempotencyKey new_key{test_app, PartyId("alice"), PartyId("bob"), "new"};
  commit.idempotency = {{old_key, MessageId("m1"), 2000}, {new_key, MessageId("m2"), 2001}};
  open()->commit(commit);
  {
    clock_.set(2000);
    const auto handle = store::RocksDbHandle::open(options_, clock_).value();
    rocksdb::CompactRangeOptions all;
    all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    auto* table = handle->column(store::Column::kIdempotency);
    ASSERT_TRUE(handle->db().CompactRange(all, table, nullptr, nullptr).ok());
  }
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
