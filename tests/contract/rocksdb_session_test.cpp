#include <map>
#include <random>

#include "contract/faulty_disk.hpp"
#include "contract/session_fixture.hpp"
#include "store/memory_session_store.hpp"
#include "store/rocksdb_handle.hpp"
#include "store/row_keys.hpp"

// What the RocksDB store promises for sessions beyond every store: what is there after an end of any kind.
namespace inboxd::test {
namespace {

using store::Column;
using store::RocksDbOptions;
using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<std::string> clients = {"c", "c1", "d", "\xc3\xbc"};

class RocksDbSessionTest : public testing::Test {
 protected:
  RocksDbSessionTest() {
    options_.directory = directory_.path() / "store";
    options_.sync = store::Sync::kNone;
  }

  std::unique_ptr<store::RocksDbStore> open() { return open_rocksdb(options_, clock_); }

  /// What is on the disk when the power goes at this moment.
  std::unique_ptr<store::RocksDbStore> cut_power(FaultyDisk& disk) {
    RocksDbOptions survivor;
    survivor.directory = directory_.path() / "survivor";
    disk.cut_power(options_.directory, survivor.directory);
    return open_rocksdb(survivor, clock_);
  }

  void put(Column column, const std::string& key, const std::string& value) {
    const auto handle = store::RocksDbHandle::open(options_, clock_).value();
    ASSERT_TRUE(handle->db().Put({}, handle->column(column), key, value).ok());
  }

  TemporaryDirectory directory_;
  ManualClock clock_;
  RocksDbOptions options_;
};

SessionCommit everything() {
  SessionCommit commit;
  commit.sessions = {session_of("c")};
  commit.queued = {queued_of("c", 1), queued_of("c", 2)};
  commit.packets = {{"c", kAwaitsRelease, 3}, {"c", kReleased, 4}};
  commit.retained = {retained_of("t")};
  return commit;
}

SessionCommit acknowledgement() {
  SessionCommit commit;
  commit.removed_queued = {{"c", 1}};
  commit.removed_packets = {{"c", kReleased, 4}};
  return commit;
}

TEST_F(RocksDbSessionTest, SessionsSurviveReopening) {
  open()->sessions().commit(everything());
  SessionContents before = contents_of(open()->sessions(), clients);
  EXPECT_EQ(before.sessions, everything().sessions);
  EXPECT_EQ(before.queued, everything().queued);
  EXPECT_EQ(before.packets, everything().packets);
  EXPECT_EQ(before.retained, everything().retained);
  EXPECT_EQ(before.last_sequence, 2U);
}

TEST_F(RocksDbSessionTest, AReaderReadsThemAndWritesNone) {
  open()->sessions().commit(everything());
  options_.read_only = true;
  const auto reader = open();
  EXPECT_EQ(contents_of(reader->sessions(), clients).queued, everything().queued);
  try {
    reader->sessions().commit(everything());
    FAIL() << "it was written";
  } catch (const StoreError& error) {
    EXPECT_EQ(error.kind(), StoreError::Kind::kPermission);
  }
}

TEST_F(RocksDbSessionTest, APowerFailureTakesNothingButAcknowledgements) {
  FaultyDisk disk;
  options_.env = disk.env();
  options_.sync = store::Sync::kBatch;
  const auto store = open();
  store->sessions().commit(everything());
  store->sessions().commit(acknowledgement());
  const auto survivor = cut_power(disk);
  const auto left = contents_of(survivor->sessions(), clients);
  EXPECT_EQ(left.queued, everything().queued) << "the acknowledgement did not wait for the disk";
  EXPECT_EQ(left.packets, everything().packets);
  EXPECT_EQ(left.sessions, everything().sessions);
  EXPECT_EQ(left.retained, everything().retained);
}

TEST_F(RocksDbSessionTest, WhatIsWrittenLaterTakesAcknowledgementsToTheDisk) {
  FaultyDisk disk;
  options_.env = disk.env();
  options_.sync = store::Sync::kBatch;
  const auto store = open();
  store->sessions().commit(everything());
  store->sessions().commit(acknowledgement());
  Commit message;
  message.messages = {message_of("m1")};
  store->commit(message);
  const auto survivor = cut_power(disk);
  const auto left = contents_of(survivor->sessions(), clients);
  EXPECT_THAT(left.queued, ElementsAre(queued_of("c", 2)));
  EXPECT_EQ(left.packets.size(), 1U);
}

TEST_F(RocksDbSessionTest, APowerFailureBringsNoRemovedSessionBack) {
  FaultyDisk disk;
  options_.env = disk.env();
  options_.sync = store::Sync::kBatch;
  const auto store = open();
  store->sessions().commit(everything());
  SessionCommit removal;
  removal.removed_sessions = {"c"};
  removal.removed_retained = {"t"};
  store->sessions().commit(removal);
  const auto survivor = cut_power(disk);
  SessionContents nothing;
  nothing.sizes.resize(clients.size());
  nothing.last_sequence = 2;
  EXPECT_EQ(contents_of(survivor->sessions(), clients), nothing);
}

TEST_F(RocksDbSessionTest, AFullDiskFailsCommitsUntilThereIsSpace) {
  FaultyDisk disk;
  options_.env = disk.env();
  const auto store = open();
  store->sessions().commit(everything());
  disk.fill();
  SessionCommit more;
  more.queued = {queued_of("c", 3)};
  EXPECT_THROW(store->sessions().commit(more), StoreError);
  EXPECT_FALSE(store->healthy());
  EXPECT_EQ(contents_of(store->sessions(), clients).queued, everything().queued) << "reading goes on";
  disk.free();
  Commit message;
  message.messages = {message_of("m1")};
  store->commit(message);
  EXPECT_TRUE(store->healthy()) << "either port mends it for both";
  store->sessions().commit(more);
  EXPECT_EQ(contents_of(store->sessions(), clients).queued.size(), 3U);
}

TEST_F(RocksDbSessionTest, ADamagedRowIsACorruption) {
  std::string queued;
  store::queued_key(queued, "c", 1);
  struct Damage {
    Column column;
    std::string key;
    std::string value;
  };
  const std::vector<Damage> damages = {
      {Column::kSessions, "c", "\x05"},
      {Column::kSessionQueue, queued, "\x01"},
      {Column::kSessionQueue, queued + "x", std::string("\1\0\0\1t\0{}", 8)},
      {Column::kSessionPackets, std::string("c\0\2\0\1", 5), ""},
      {Column::kSessionPackets, std::string("c\0\1\1", 4), ""},
      {Column::kRetained, "t", "\x03"},
      {Column::kMeta, "queue_sequence", "many"},
  };
  for (std::size_t i = 0; i < damages.size(); ++i) {
    options_.directory = directory_.path() / std::to_string(i);
    put(damages[i].column, damages[i].key, damages[i].value);
    const auto store = open();
    EXPECT_THROW(contents_of(store->sessions(), clients), StoreError) << i;
    EXPECT_FALSE(store->healthy());
  }
}

TEST_F(RocksDbSessionTest, AStoreOfBeforeTheSessionsOpensAndTakesThem) {
  open();
  {
    const auto handle = store::RocksDbHandle::open(options_, clock_).value();
    for (const auto column : {Column::kPublications, Column::kSessions, Column::kSessionQueue,
                              Column::kSessionPackets, Column::kRetained}) {
      ASSERT_TRUE(handle->db().DropColumnFamily(handle->column(column)).ok());
    }
  }
  auto reading = options_;
  reading.read_only = true;
  const auto reader = open_rocksdb(reading, clock_);
  EXPECT_THAT(contents_of(reader->sessions(), clients).sessions, IsEmpty());
  EXPECT_FALSE(reader->publication("c", 1, 0));
  const auto store = open();
  store->sessions().commit(everything());
  EXPECT_EQ(contents_of(store->sessions(), clients).queued, everything().queued);
}

/// Commits of all kinds over a few clients, topics and packet ids, so that they meet.
class RandomCommits {
 public:
  explicit RandomCommits(std::uint32_t seed) : random_(seed) {}

  SessionCommit next() {
    SessionCommit commit;
    for (std::uint32_t parts = 1 + below(5); parts > 0; --parts) add(commit);
    return commit;
  }

 private:
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }
  const std::string& client() { return clients[below(static_cast<std::uint32_t>(clients.size()))]; }
  std::string topic() { return "t" + std::string(below(3), '/'); }
  std::string payload() { return std::string(below(100), 'x'); }
  SessionPacket packet() {
    return {client(), below(2) == 0 ? kAwaitsRelease : kReleased, static_cast<std::uint16_t>(1 + below(3))};
  }

  void add(SessionCommit& commit) {
    switch (below(9)) {
      case 0:
        commit.sessions.push_back(session_of(client()));
        commit.sessions.back().ended_at = below(1000);
        break;
      case 1:
        commit.removed_sessions.push_back(client());
        break;
      case 2:
        commit.removed_queued.push_back({client(), 1 + below(static_cast<std::uint32_t>(sequence_ + 1))});
        break;
      case 3:
        commit.packets.push_back(packet());
        break;
      case 4:
        commit.removed_packets.push_back(packet());
        break;
      case 5:
        commit.retained.push_back(retained_of(topic(), payload()));
        break;
      case 6:
        commit.removed_retained.push_back(topic());
        break;
      default:
        commit.queued.push_back(queued_of(client(), ++sequence_, payload()));
    }
  }

  std::mt19937 random_;
  std::uint64_t sequence_ = 0;
};

TEST_F(RocksDbSessionTest, HoldsWhatTheStoreInMemoryHolds) {
  constexpr int kCommits = 600;
  constexpr int kReopenEvery = 100;
  options_.write_buffer_bytes = std::size_t{64} * 1024;
  for (const std::uint32_t seed : {1U, 2U}) {
    options_.directory = directory_.path() / std::to_string(seed);
    RandomCommits commits(seed);
    store::MemorySessionStore memory;
    auto store = open();
    for (int i = 1; i <= kCommits; ++i) {
      const auto commit = commits.next();
      memory.commit(commit);
      store->sessions().commit(commit);
      if (i % kReopenEvery == 0) {
        store.reset();
        store = open();
      }
      ASSERT_EQ(contents_of(store->sessions(), clients), contents_of(memory, clients))
          << "commit " << i << " of seed " << seed;
    }
  }
}

}  // namespace
}  // namespace inboxd::test
