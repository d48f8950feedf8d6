#include <algorithm>
#include <utility>

#include "contract/store_fixture.hpp"

namespace inboxd::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ConversationContract : public StoreContract {
 protected:
  ConversationContract() { open({}); }

  void open(store::DeadLetterBounds bounds) {
    StoreContract::open(bounds);
    commit_bodies(store(), {"m1", "m2"});
  }

  void write(const std::vector<ConversationRow>& rows) {
    Commit commit;
    commit.conversations = rows;
    store().commit(commit);
  }

  ConversationRow with(const std::string& peer, Millis timestamp, bool archived = false) {
    auto row = conversation_of(timeline_of("alice", peer), timestamp, "m1");
    row.archived = archived;
    return row;
  }

  std::vector<std::string> list(bool archived, std::size_t limit = 100) {
    return peers_of(store().conversations(test_app, PartyId("alice"), archived, limit));
  }
};
INBOXD_FOR_EVERY_STORE(ConversationContract);

TEST_P(ConversationContract, KeepsEveryFieldAsItWas) {
  auto row = with("bob", -5, true);
  row.status = Status::kFailed;
  row.is_new = false;
  row.patch = R"({"is_new":false,"x":"é"})";
  write({row});
  EXPECT_EQ(store().conversation(row.key), row);
}

TEST_P(ConversationContract, IsUnknownToOthers) {
  write({with("bob", 1000)});
  EXPECT_FALSE(store().conversation(timeline_of("bob", "alice")));
  EXPECT_FALSE(store().conversation(timeline_of("alice", "bo")));
  EXPECT_FALSE(store().conversation({AppId("other"), PartyId("alice"), PartyId("bob")}));
}

TEST_P(ConversationContract, AreListedNewestFirstThenByPeer) {
  write({with("b", 1000), with("d", 3000), with("a", 1000), with("c", 2000), with("e", -7)});
  EXPECT_THAT(list(false), ElementsAre("d", "c", "a", "b", "e"));
}

TEST_P(ConversationContract, AreListedUpToTheLimit) {
  write({with("b", 1000), with("d", 3000), with("c", 2000)});
  EXPECT_THAT(list(false, 2), ElementsAre("d", "c"));
  EXPECT_THAT(list(false, 0), IsEmpty());
}

TEST_P(ConversationContract, KeepTheirOrderWhateverTheTimeBetweenThem) {
  std::vector<ConversationRow> rows;
  for (Millis i = 0; i < 60; ++i) {
    // From milliseconds to minutes apart, around zero, with ties.
    const Millis timestamp = (i * i * 7919) % 200'000 / (i % 3 == 0 ? 10'000 : 1) - 60'000;
    rows.push_back(with("peer-" + std::to_string(100 + i), timestamp));
  }
  write(rows);
  std::sort(rows.begin(), rows.end(), [](const auto& left, const auto& right) {
    return std::pair(-left.timestamp, left.key.peer) < std::pair(-right.timestamp, right.key.peer);
  });
  std::vector<std::string> expected;
  expected.reserve(rows.size());
  for (const auto& row : rows) expected.push_back(row.key.peer.str());
  for (std::size_t limit = 0; limit <= rows.size(); ++limit) {
    EXPECT_THAT(
        list(false, limit),
        testing::ElementsAreArray(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(limit)));
  }
}

TEST_P(ConversationContract, AreListedWithTheirLastMessage) {
  auto row = with("bob", 1000);
  row.last_message = MessageId("m2");
  write({row});
  const auto listing = store().conversations(test_app, PartyId("alice"), false, 10);
  ASSERT_EQ(listing.size(), 1U);
  EXPECT_EQ(listing[0].row, row);
  EXPECT_EQ(listing[0].last_message, message_of("m2"));
}

TEST_P(ConversationContract, ANewerMessageMovesItToTheTop) {
  write({with("a", 1000), with("b", 2000)});
  write({with("a", 3000)});
  EXPECT_THAT(list(false), ElementsAre("a", "b"));
}

TEST_P(ConversationContract, AnUpdateAtTheSameTimeLeavesItsPlace) {
  write({with("a", 1000), with("b", 2000)});
  auto read = with("b", 2000);
  read.is_new = false;
  write({read});
  write({read});
  EXPECT_THAT(list(false), ElementsAre("b", "a"));
  EXPECT_EQ(store().conversation(read.key), read);
}

TEST_P(ConversationContract, MovesToTheArchiveAndBack) {
  write({with("a", 1000), with("b", 2000)});
  write({with("b", 2000, true)});
  EXPECT_THAT(list(false), ElementsAre("a"));
  EXPECT_THAT(list(true), ElementsAre("b"));
  write({with("b", 2000, false)});
  EXPECT_THAT(list(false), ElementsAre("b", "a"));
  EXPECT_THAT(list(true), IsEmpty());
  write({with("b", 2000, true)});
  EXPECT_THAT(list(true), ElementsAre("b"));
}

TEST_P(ConversationContract, SeveralMovesInOneCommitLeaveTheLast) {
  write({with("a", 1000)});
  write({with("a", 2000), with("a", 3000, true), with("b", 1500), with("a", 500), with("b", 2500, true)});
  EXPECT_THAT(list(false), ElementsAre("a"));
  EXPECT_THAT(list(true), ElementsAre("b"));
  EXPECT_EQ(store().conversation(timeline_of("alice", "a"))->timestamp, 500);
}

TEST_P(ConversationContract, MovesAwayAndBackInOneCommitLeaveItsPlace) {
  write({with("a", 1000), with("b", 2000)});
  write({with("a", 3000), with("a", 1000)});
  EXPECT_THAT(list(false), ElementsAre("b", "a"));
}

TEST_P(ConversationContract, IsListedOnceHoweverOftenItMoved) {
  for (Millis timestamp = 0; timestamp < 500; ++timestamp) {
    write({with("a", timestamp, timestamp % 7 == 0), with("b", 1000 - timestamp)});
  }
  EXPECT_THAT(list(false), ElementsAre("b", "a"));
  EXPECT_THAT(list(true), IsEmpty());
}

TEST_P(ConversationContract, OwnersWhoseIdsBeginAlikeAreApart) {
  write({conversation_of(timeline_of("u1", "bob"), 1000, "m1"),
         conversation_of(timeline_of("u10", "carol"), 1000, "m1"),
         conversation_of(timeline_of("u", "dave"), 1000, "m1")});
  EXPECT_THAT(peers_of(store().conversations(test_app, PartyId("u1"), false, 10)), ElementsAre("bob"));
  EXPECT_THAT(peers_of(store().conversations(test_app, PartyId("u"), false, 10)), ElementsAre("dave"));
  EXPECT_THAT(store().conversations(AppId("other"), PartyId("u1"), false, 10), IsEmpty());
}

}  // namespace
}  // namespace inboxd::test
