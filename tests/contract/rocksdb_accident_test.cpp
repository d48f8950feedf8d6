#include <sys/fsuid.h>
#include <unistd.h>

#include "contract/child_process.hpp"
#include "contract/faulty_disk.hpp"
#include "contract/store_fixture.hpp"
#include "tools/numbered_commits.hpp"

// What is left of commits when a process is killed, the power goes, the disk is full, or the directory is not
// ours.
namespace inboxd::test {
namespace {

namespace fs = std::filesystem;
using store::RocksDbOptions;
using store::RocksDbStore;

class RocksDbAccidentTest : public testing::Test {
 protected:
  RocksDbAccidentTest() {
    options_.directory = directory_.path() / "store";
    options_.write_buffer_bytes = std::size_t{1024} * 1024;
  }

  StoreError::Kind failure_of(RocksDbStore& store, std::uint64_t number) {
    try {
      store.commit(numbered_commit(number));
    } catch (const StoreError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(options_.directory.string()));
      return error.kind();
    }
    throw std::logic_error("the commit went through");
  }

  StoreError::Kind refusal() {
    const auto opened = RocksDbStore::open(options_, clock_);
    if (opened) throw std::logic_error("the store was opened");
    return opened.error().kind();
  }

  /// Commits, cuts the power at once, and counts what a restart finds.
  std::uint64_t survivors_of_power_failure(std::uint64_t commits) {
    FaultyDisk disk;
    options_.env = disk.env();
    const auto store = open_rocksdb(options_, clock_);
    for (std::uint64_t number = 1; number <= commits; ++number) store->commit(numbered_commit(number));
    RocksDbOptions survivor;
    survivor.directory = directory_.path() / "survivor";
    disk.cut_power(options_.directory, survivor.directory);
    return count_numbered(*open_rocksdb(survivor, clock_));
  }

  TemporaryDirectory directory_;
  ManualClock clock_;
  RocksDbOptions options_;
};

class KilledWriterTest : public RocksDbAccidentTest, public testing::WithParamInterface<std::string> {};
INSTANTIATE_TEST_SUITE_P(Sync, KilledWriterTest, testing::Values("batch", "none"),
                         [](const auto& test) { return test.param; });

TEST_P(KilledWriterTest, EveryCommitThatReturnedIsThereWhole) {
  for (const std::uint64_t kill_after : {1U, 137U, 1500U}) {
    ChildProcess writer({STORE_WRITER, options_.directory.string(), GetParam(), "1000000000"});
    std::uint64_t committed = 0;
    while (committed < kill_after) committed = std::stoull(writer.read_line().value());
    writer.kill();
    while (const auto line = writer.read_line()) committed = std::stoull(*line);
    EXPECT_GE(count_numbered(*open_rocksdb(options_, clock_)), committed);
    fs::remove_all(options_.directory);
  }
}

TEST_F(RocksDbAccidentTest, APowerFailureTakesNoSyncedCommit) {
  options_.sync = store::Sync::kBatch;
  EXPECT_EQ(survivors_of_power_failure(1000), 1000U);
}

TEST_F(RocksDbAccidentTest, APowerFailureMayTakeTheLastUnsyncedCommitsButLeavesNoGap) {
  options_.sync = store::Sync::kNone;
  EXPECT_LT(survivors_of_power_failure(2000), 2000U);
}

/// Wherever in a record the log breaks off.
TEST_F(RocksDbAccidentTest, ATornEndOfTheLogIsDropped) {
  FaultyDisk disk;
  options_.env = disk.env();
  options_.sync = store::Sync::kNone;
  const auto store = open_rocksdb(options_, clock_);
  for (std::uint64_t number = 1; number <= 200; ++number) store->commit(numbered_commit(number));
  std::uint64_t before = 0;
  for (std::uint64_t torn = 1; torn < 30'000; torn += 2'999) {
    RocksDbOptions survivor;
    survivor.directory = directory_.path() / std::to_string(torn);
    disk.cut_power(options_.directory, survivor.directory, torn);
    const std::uint64_t found = count_numbered(*open_rocksdb(survivor, clock_));
    EXPECT_GE(found, before) << torn;
    EXPECT_EQ(count_numbered(*open_rocksdb(survivor, clock_)), found) << "opened once more, at " << torn;
    before = found;
  }
  EXPECT_GT(before, 0U);
}

TEST_F(RocksDbAccidentTest, AFullDiskFailsCommitsUntilThereIsSpace) {
  FaultyDisk disk;
  options_.env = disk.env();
  auto store = open_rocksdb(options_, clock_);
  store->commit(numbered_commit(1));
  disk.fill();
  EXPECT_EQ(failure_of(*store, 2), StoreError::Kind::kFull);
  EXPECT_FALSE(store->healthy());
  EXPECT_EQ(failure_of(*store, 2), StoreError::Kind::kFull);
  EXPECT_EQ(count_numbered(*store), 1U) << "reading goes on";
  disk.free();
  store->commit(numbered_commit(2));
  EXPECT_TRUE(store->healthy());
  EXPECT_EQ(count_numbered(*store), 2U);
  store.reset();
  EXPECT_EQ(count_numbered(*open_rocksdb(options_, clock_)), 2U);
}

TEST_F(RocksDbAccidentTest, ACommitThatFailedLeavesNothingBehind) {
  FaultyDisk disk;
  options_.env = disk.env();
  options_.max_dead_letters = 2;
  auto store = open_rocksdb(options_, clock_);
  Commit letters;
  letters.dead_letters = {dead_letter_of("d1"), dead_letter_of("d2")};
  store->commit(letters);
  disk.fill();
  letters.dead_letters = {dead_letter_of("d3")};
  EXPECT_THROW(store->commit(letters), StoreError);
  disk.free();
  store->commit(numbered_commit(1));
  EXPECT_EQ(store->dead_letters(10).size(), 2U);
  EXPECT_TRUE(store->dead_letter("d1"));
  store->commit(letters);
  EXPECT_FALSE(store->dead_letter("d1"));
  EXPECT_TRUE(store->dead_letter("d3"));
}

TEST_F(RocksDbAccidentTest, WhatIsReadAfterRecoveringIsWhatTheNextCommitMeets) {
  FaultyDisk disk;
  options_.env = disk.env();
  options_.sync = store::Sync::kBatch;
  const auto store = open_rocksdb(options_, clock_);
  store->commit(numbered_commit(1));
  disk.fail_next_sync();
  EXPECT_EQ(failure_of(*store, 2), StoreError::Kind::kIo);
  EXPECT_FALSE(store->healthy());
  store->recover();
  EXPECT_TRUE(store->healthy());
  const auto found = count_numbered(*store);
  EXPECT_EQ(found, 2U) << "it was written, and only not known to be durable";
  store->commit(numbered_commit(found + 1));
  EXPECT_EQ(count_numbered(*store), found + 1);
}

TEST_F(RocksDbAccidentTest, RecoveringFailsWhileNothingCanBeWritten) {
  FaultyDisk disk;
  options_.env = disk.env();
  const auto store = open_rocksdb(options_, clock_);
  store->recover();
  disk.fill();
  EXPECT_EQ(failure_of(*store, 1), StoreError::Kind::kFull);
  EXPECT_THROW(store->recover(), StoreError);
  disk.free();
  store->recover();
  store->commit(numbered_commit(1));
}

TEST_F(RocksDbAccidentTest, AFullDiskHealsAgainAndAgain) {
  FaultyDisk disk;
  options_.env = disk.env();
  {
    const auto store = open_rocksdb(options_, clock_);
    for (std::uint64_t number = 1; number <= 20; ++number) {
      disk.fill();
      EXPECT_EQ(failure_of(*store, number), StoreError::Kind::kFull);
      disk.free();
      store->commit(numbered_commit(number));
    }
  }
  EXPECT_EQ(count_numbered(*open_rocksdb(options_, clock_)), 20U);
}

TEST_F(RocksDbAccidentTest, AFullDiskAtTheStartIsToldSo) {
  FaultyDisk disk;
  disk.fill();
  options_.env = disk.env();
  EXPECT_EQ(refusal(), StoreError::Kind::kFull);
}

/// Makes this thread's file accesses those of nobody, so that permissions count for root too.
class AsNobody {
 public:
  AsNobody() : before_(::setfsuid(kNobody)) {}
  ~AsNobody() { ::setfsuid(static_cast<uid_t>(before_)); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

  /// Whether it worked: without the capability it does not.
  static bool works() { return ::setfsuid(static_cast<uid_t>(-1)) == static_cast<int>(kNobody); }

 private:
  static constexpr uid_t kNobody = 65534;
  int before_;
};

TEST_F(RocksDbAccidentTest, ADirectoryThatMayNotBeReadIsRefused) {
  open_rocksdb(options_, clock_);
  const AsNobody nobody;
  if (!AsNobody::works()) GTEST_SKIP() << "this process may not act for another user";
  EXPECT_EQ(refusal(), StoreError::Kind::kPermission);
}

TEST_F(RocksDbAccidentTest, ADirectoryThatMayBeReadAloneServesReadersAlone) {
  open_rocksdb(options_, clock_)->commit(numbered_commit(1));
  constexpr auto kReadable = fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                             fs::perms::others_read | fs::perms::others_exec;
  fs::permissions(directory_.path(), kReadable);
  fs::permissions(options_.directory, kReadable);
  const AsNobody nobody;
  if (!AsNobody::works()) GTEST_SKIP() << "this process may not act for another user";
  EXPECT_EQ(refusal(), StoreError::Kind::kPermission);
  options_.read_only = true;
  EXPECT_EQ(count_numbered(*open_rocksdb(options_, clock_)), 1U);
}

TEST_F(RocksDbAccidentTest, ADirectoryThatMayNotBeMadeIsRefused) {
  const AsNobody nobody;
  if (!AsNobody::works()) GTEST_SKIP() << "this process may not act for another user";
  EXPECT_EQ(refusal(), StoreError::Kind::kPermission);
}

}  // namespace
}  // namespace inboxd::test
