#include <limits>

#include "contract/store_fixture.hpp"

namespace inboxd::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class TimelineContract : public StoreContract {
 protected:
  void write(const TimelineKey& timeline, Millis timestamp, const std::string& id) {
    Commit commit;
    commit.messages = {message_of(id, timestamp)};
    commit.rows = {row_of(timeline, timestamp, id)};
    store().commit(commit);
  }

  std::vector<std::string> read(const TimelinePage& page = {}) {
    return ids_of(store().timeline(timeline_of("alice", "bob"), page));
  }

  /// m1 at 1000, m2 and m3 at 2000, m4 at 3000.
  void write_four() {
    const auto timeline = timeline_of("alice", "bob");
    write(timeline, 2000, "m3");
    write(timeline, 1000, "m1");
    write(timeline, 3000, "m4");
    write(timeline, 2000, "m2");
  }
};
INBOXD_FOR_EVERY_STORE(TimelineContract);

TimelinePage page_of(bool newest_first, std::optional<TimelinePosition> before,
                     std::optional<TimelinePosition> after, std::size_t limit = 200) {
  return {limit, newest_first, std::move(before), std::move(after)};
}

TimelinePosition at(Millis timestamp, const std::string& id = {}) { return {timestamp, MessageId(id)}; }

TEST_P(TimelineContract, IsReadNewestFirstByTimestampThenId) {
  write_four();
  EXPECT_THAT(read(), ElementsAre("m4", "m3", "m2", "m1"));
}

TEST_P(TimelineContract, IsReadOldestFirstWhenAsked) {
  write_four();
  EXPECT_THAT(read(page_of(false, {}, {})), ElementsAre("m1", "m2", "m3", "m4"));
}

TEST_P(TimelineContract, APageHoldsAtMostItsLimit) {
  write_four();
  EXPECT_THAT(read(page_of(true, {}, {}, 2)), ElementsAre("m4", "m3"));
  EXPECT_THAT(read(page_of(false, {}, {}, 1)), ElementsAre("m1"));
  EXPECT_THAT(read(page_of(true, {}, {}, 0)), IsEmpty());
}

TEST_P(TimelineContract, GivesEachRowWithItsBody) {
  const auto timeline = timeline_of("alice", "bob");
  Commit commit;
  commit.messages = {message_of("m1", 1000)};
  commit.rows = {row_of(timeline, 1500, "m1")};
  commit.rows[0].status = Status::kFailed;
  commit.rows[0].history = true;
  commit.rows[0].silent = true;
  commit.rows[0].received = 300;
  commit.rows[0].seen = 2;
  store().commit(commit);
  const auto page = store().timeline(timeline, {});
  ASSERT_EQ(page.size(), 1U);
  EXPECT_EQ(page[0].row, commit.rows[0]);
  EXPECT_EQ(page[0].message, commit.messages[0]);
}

// What one read may ask of memory is bounded, whatever the limit.
TEST_P(TimelineContract, APageEndsEarlyWhereItsBodiesAreLarge) {
  const auto timeline = timeline_of("alice", "bob");
  Commit commit;
  for (int i = 0; i < 5; ++i) {
    const std::string id = "m" + std::to_string(i);
    commit.messages.push_back(message_of(id, i));
    commit.messages.back().json = std::string(kMaxReadBytes / 2, 'x');
    commit.rows.push_back(row_of(timeline, i, id));
    commit.conversations.push_back(conversation_of(timeline_of("alice", id), i, id));
    commit.arrivals.push_back({static_cast<std::uint64_t>(i) + 1, timeline, i, MessageId(id)});
  }
  store().commit(commit);
  EXPECT_THAT(read(page_of(false, {}, {})), ElementsAre("m0", "m1"));
  EXPECT_EQ(store().conversations(test_app, PartyId("alice"), false, 10).size(), 2U);
  const auto arrivals = store().arrivals(test_app, PartyId("alice"), 0, 10);
  ASSERT_EQ(arrivals.entries.size(), 2U);
  EXPECT_TRUE(arrivals.more);
  EXPECT_EQ(arrivals.next, 2U);
  commit = {};
  commit.messages = {message_of("m9", 9)};
  commit.messages[0].json = std::string(kMaxReadBytes + 1, 'x');
  commit.rows = {row_of(timeline, 9, "m9")};
  store().commit(commit);
  EXPECT_THAT(read(page_of(true, {}, {})), ElementsAre("m9")) << "one is always given";
}

TEST_P(TimelineContract, CopiesShareOneBodyAndKeepTheirOwnStatus) {
  Commit commit;
  commit.messages = {message_of("m1")};
  commit.rows = {row_of(timeline_of("alice", "bob"), 1000, "m1"),
                 row_of(timeline_of("bob", "alice"), 1000, "m1")};
  commit.rows[1].status = Status::kDelivered;
  store().commit(commit);
  EXPECT_EQ(store().timeline(commit.rows[0].timeline, {})[0].row.status, Status::kSent);
  EXPECT_EQ(store().timeline(commit.rows[1].timeline, {})[0].row.status, Status::kDelivered);
  EXPECT_EQ(store().timeline(commit.rows[1].timeline, {})[0].message, commit.messages[0]);
}

TEST_P(TimelineContract, BeforeATimeLeavesOutEveryRowOfThatTime) {
  write_four();
  EXPECT_THAT(read(page_of(true, at(2000), {})), ElementsAre("m1"));
  EXPECT_THAT(read(page_of(true, at(2001), {})), ElementsAre("m3", "m2", "m1"));
  EXPECT_THAT(read(page_of(true, at(1000), {})), IsEmpty());
}

TEST_P(TimelineContract, AfterATimeHoldsEveryRowOfThatTime) {
  write_four();
  EXPECT_THAT(read(page_of(false, {}, at(2000))), ElementsAre("m2", "m3", "m4"));
  EXPECT_THAT(read(page_of(false, {}, at(2001))), ElementsAre("m4"));
  EXPECT_THAT(read(page_of(false, {}, at(3001))), IsEmpty());
}

TEST_P(TimelineContract, APositionWithIdStandsBetweenRowsOfOneTime) {
  write_four();
  EXPECT_THAT(read(page_of(true, at(2000, "m3"), {})), ElementsAre("m2", "m1"));
  EXPECT_THAT(read(page_of(true, at(2000, "m2"), {})), ElementsAre("m1"));
  EXPECT_THAT(read(page_of(false, {}, at(2000, "m2"))), ElementsAre("m3", "m4"));
  EXPECT_THAT(read(page_of(false, {}, at(2000, "m3"))), ElementsAre("m4"));
}

TEST_P(TimelineContract, APositionNeedNotExist) {
  write_four();
  EXPECT_THAT(read(page_of(true, at(2000, "m2x"), {})), ElementsAre("m2", "m1"));
  EXPECT_THAT(read(page_of(false, {}, at(2000, "m2x"))), ElementsAre("m3", "m4"));
  EXPECT_THAT(read(page_of(true, at(9999, "zz"), {})), ElementsAre("m4", "m3", "m2", "m1"));
}

TEST_P(TimelineContract, BothPositionsBoundAPageFromBothSides) {
  write_four();
  EXPECT_THAT(read(page_of(true, at(3000, "m4"), at(1000, "m1"))), ElementsAre("m3", "m2"));
  EXPECT_THAT(read(page_of(false, at(3000, "m4"), at(1000, "m1"), 1)), ElementsAre("m2"));
  EXPECT_THAT(read(page_of(true, at(2000, "m2"), at(2000, "m2"))), IsEmpty());
  EXPECT_THAT(read(page_of(true, at(1000, "m1"), at(3000, "m4"))), IsEmpty());
}

TEST_P(TimelineContract, WalkingByPagesMeetsEveryRowOnce) {
  const auto timeline = timeline_of("alice", "bob");
  Commit commit;
  for (int i = 0; i < 57; ++i) {
    const auto id = "m" + std::to_string(i);
    commit.messages.push_back(message_of(id));
    commit.rows.push_back(row_of(timeline, i / 7, id));
  }
  store().commit(commit);
  std::vector<std::string> met;
  TimelinePage page{.limit = 5, .newest_first = true, .before = {}, .after = {}};
  for (auto rows = store().timeline(timeline, page); !rows.empty(); rows = store().timeline(timeline, page)) {
    for (const auto& id : ids_of(rows)) met.push_back(id);
    page.before = TimelinePosition{rows.back().row.timestamp, rows.back().row.message};
  }
  EXPECT_EQ(met, read());
  EXPECT_EQ(met.size(), 57U);
}

TEST_P(TimelineContract, TimestampsOfAnySignKeepTheirOrder) {
  const auto timeline = timeline_of("alice", "bob");
  write(timeline, 0, "zero");
  write(timeline, 1, "one");
  write(timeline, -1, "minus-one");
  write(timeline, std::numeric_limits<Millis>::max(), "last");
  write(timeline, std::numeric_limits<Millis>::min(), "first");
  EXPECT_THAT(read(page_of(false, {}, {})), ElementsAre("first", "minus-one", "zero", "one", "last"));
  EXPECT_THAT(read(page_of(false, at(0), {})), ElementsAre("first", "minus-one"));
}

TEST_P(TimelineContract, OwnersPeersAndAppsAreApart) {
  write(timeline_of("u1", "bob"), 1000, "a");
  write(timeline_of("u10", "bob"), 1000, "b");
  write(timeline_of("u1", "bob1"), 1000, "c");
  write(timeline_of("u", "1bob"), 1000, "d");
  write({AppId("tilechat2"), PartyId("u1"), PartyId("bob")}, 1000, "e");
  EXPECT_THAT(ids_of(store().timeline(timeline_of("u1", "bob"), {})), ElementsAre("a"));
  EXPECT_THAT(ids_of(store().timeline(timeline_of("u10", "bob"), {})), ElementsAre("b"));
  EXPECT_THAT(ids_of(store().timeline(timeline_of("u", "1bob"), {})), ElementsAre("d"));
  EXPECT_THAT(store().timeline(timeline_of("u1", "bo"), {}), IsEmpty());
}

TEST_P(TimelineContract, IdsMayBeOfAnyBytesAndOfFullLength) {
  const auto longest = std::string(kMaxIdBytes, 'z');
  const std::string wide = "\xf4\x8f\xbf\xbf";  // U+10FFFF sorts last
  write(timeline_of(longest, longest), 1000, longest);
  write(timeline_of(longest + "x", longest), 1000, "other");
  write(timeline_of(wide, "!"), 1000, "m1");
  write(timeline_of("!", wide), 1000, "m2");
  EXPECT_THAT(ids_of(store().timeline(timeline_of(longest, longest), {})), ElementsAre(longest));
  EXPECT_THAT(ids_of(store().timeline(timeline_of(wide, "!"), {})), ElementsAre("m1"));
  EXPECT_THAT(ids_of(store().timeline(timeline_of("!", wide), {})), ElementsAre("m2"));
}

TEST_P(TimelineContract, ARowIsFoundByItsWholeKeyAlone) {
  const auto timeline = timeline_of("alice", "bob");
  write(timeline, 1000, "m1");
  EXPECT_EQ(store().row(timeline, 1000, MessageId("m1")), row_of(timeline, 1000, "m1"));
  EXPECT_FALSE(store().row(timeline, 1001, MessageId("m1")));
  EXPECT_FALSE(store().row(timeline, 1000, MessageId("m")));
  EXPECT_FALSE(store().row(timeline_of("bob", "alice"), 1000, MessageId("m1")));
}

TEST_P(TimelineContract, KnowsItsNewestTimestamp) {
  EXPECT_FALSE(store().newest_timestamp(timeline_of("alice", "bob")));
  write_four();
  write(timeline_of("alice", "bob2"), 9000, "other");
  EXPECT_EQ(store().newest_timestamp(timeline_of("alice", "bob")), 3000);
}

TEST_P(TimelineContract, ARowWithoutItsBodyIsACorruptionAndNoGap) {
  Commit commit;
  commit.rows = {row_of(timeline_of("alice", "bob"), 1000, "gone")};
  store().commit(commit);
  try {
    read();
    FAIL() << "the gap was passed over";
  } catch (const StoreError& error) {
    EXPECT_EQ(error.kind(), StoreError::Kind::kCorrupt);
  }
}

}  // namespace
}  // namespace inboxd::test
