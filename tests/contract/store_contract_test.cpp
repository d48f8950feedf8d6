#include <atomic>
#include <string>
#include <thread>

#include "contract/store_fixture.hpp"

// What every store promises. This file: commits, messages, groups. Timelines, conversations, bookkeeping and
// dead letters have a file each.
namespace inboxd::test {
namespace {

class CommitContract : public StoreContract {};
INBOXD_FOR_EVERY_STORE(CommitContract);

TEST_P(CommitContract, AFreshStoreIsEmptyAndHealthy) {
  EXPECT_TRUE(store().healthy());
  EXPECT_FALSE(store().message(test_app, MessageId("m1")));
  EXPECT_TRUE(store().timeline(timeline_of("alice", "bob"), {}).empty());
  EXPECT_TRUE(store().conversations(test_app, PartyId("alice"), false, 10).empty());
  EXPECT_TRUE(store().fingerprints().empty());
  EXPECT_TRUE(store().dead_letters(10).empty());
  EXPECT_TRUE(store().outbox("hook", 0, 10).empty());
  EXPECT_TRUE(store().jobs().empty());
}

TEST_P(CommitContract, AnEmptyCommitChangesNothing) {
  commit_bodies(store(), {"m1"});
  store().commit({});
  EXPECT_TRUE(store().message(test_app, MessageId("m1")));
}

TEST_P(CommitContract, OneCommitWritesEveryKindOfRow) {
  const auto timeline = timeline_of("alice", "bob");
  Commit commit;
  commit.messages = {message_of("m1")};
  commit.rows = {row_of(timeline, 1000, "m1")};
  commit.conversations = {conversation_of(timeline, 1000, "m1")};
  commit.groups = {{test_app, PartyId("group-1"), {PartyId("alice")}, "{}"}};
  commit.idempotency = {{{test_app, PartyId("alice"), PartyId("bob"), "t1"}, MessageId("m1"), 5000}};
  commit.fingerprints = {{1, {2, 3}, test_app, MessageId("m1")}};
  commit.dead_letters = {dead_letter_of("d1")};
  commit.outbox = {{1, "hook", "key", "e1", 1000, "{}"}};
  commit.jobs = {{1, test_app, PartyId("group-1"), MessageId("m1"), true, "", {PartyId("alice")}}};
  commit.job_progress = {{1, 0}};
  store().commit(commit);

  EXPECT_EQ(store().message(test_app, MessageId("m1")), commit.messages[0]);
  EXPECT_EQ(store().row(timeline, 1000, MessageId("m1")), commit.rows[0]);
  EXPECT_EQ(store().conversation(timeline), commit.conversations[0]);
  EXPECT_EQ(store().group(test_app, PartyId("group-1")), commit.groups[0]);
  EXPECT_EQ(store().idempotent(commit.idempotency[0].key, 4999), MessageId("m1"));
  EXPECT_EQ(store().fingerprints(), commit.fingerprints);
  EXPECT_EQ(store().dead_letters(10), commit.dead_letters);
  EXPECT_EQ(store().outbox("hook", 0, 10), commit.outbox);
  EXPECT_EQ(store().job(1), commit.jobs[0]);
}

TEST_P(CommitContract, RowsThatExistAreReplaced) {
  auto message = message_of("m1");
  auto row = row_of(timeline_of("alice", "bob"), 1000, "m1");
  Commit commit;
  commit.messages = {message};
  commit.rows = {row};
  store().commit(commit);

  commit.messages[0].json = R"({"text":"again"})";
  commit.messages[0].deferred_fanout = true;
  commit.rows[0].status = Status::kReceived;
  commit.rows[0].silent = true;
  store().commit(commit);

  EXPECT_EQ(store().message(test_app, MessageId("m1")), commit.messages[0]);
  EXPECT_EQ(store().row(row.timeline, 1000, MessageId("m1")), commit.rows[0]);
  EXPECT_EQ(store().timeline(row.timeline, {}).size(), 1U);
}

TEST_P(CommitContract, TheLastOfTwoRowsInOneCommitCounts) {
  auto row = row_of(timeline_of("alice", "bob"), 1000, "m1");
  Commit commit;
  commit.messages = {message_of("m1")};
  commit.rows = {row, row};
  commit.rows[1].status = Status::kReceived;
  store().commit(commit);
  EXPECT_EQ(store().row(row.timeline, 1000, MessageId("m1")), commit.rows[1]);
}

TEST_P(CommitContract, ARemovalCountsOverAWriteInTheSameCommit) {
  Commit commit;
  commit.fingerprints = {{1, {2, 3}, test_app, MessageId("m1")}};
  commit.forgotten_fingerprints = {1};
  commit.dead_letters = {dead_letter_of("d1")};
  commit.removed_dead_letters = {"d1"};
  commit.outbox = {{1, "hook", "key", "e1", 1000, "{}"}};
  commit.removed_outbox = {{"hook", 1}};
  commit.jobs = {{1, test_app, PartyId("group-1"), MessageId("m1"), true, "", {}}};
  commit.job_progress = {{1, 5}};
  commit.finished_jobs = {1};
  store().commit(commit);
  EXPECT_TRUE(store().fingerprints().empty());
  EXPECT_TRUE(store().dead_letters(10).empty());
  EXPECT_TRUE(store().outbox("hook", 0, 10).empty());
  EXPECT_TRUE(store().jobs().empty());
}

TEST_P(CommitContract, TimelinesAndConversationsGoAsAWhole) {
  const auto gone = timeline_of("alice", "bob");
  const auto stays = timeline_of("alice", "bo");
  Commit commit;
  commit.messages = {message_of("m1")};
  commit.rows = {row_of(gone, 1000, "m1"), row_of(gone, 2000, "m1"), row_of(stays, 1000, "m1")};
  commit.conversations = {conversation_of(gone, 2000, "m1"), conversation_of(stays, 1000, "m1")};
  store().commit(commit);
  Commit removal;
  removal.rows = {row_of(gone, 3000, "m1")};
  removal.removed_timelines = {gone};
  removal.removed_conversations = {gone, timeline_of("alice", "nobody")};
  store().commit(removal);
  EXPECT_TRUE(store().timeline(gone, {}).empty());
  EXPECT_FALSE(store().newest_timestamp(gone));
  EXPECT_EQ(store().timeline(stays, {}).size(), 1U);
  EXPECT_FALSE(store().conversation(gone));
  EXPECT_THAT(peers_of(store().conversations(test_app, PartyId("alice"), false, 10)),
              testing::ElementsAre("bo"));
  EXPECT_TRUE(store().message(test_app, MessageId("m1"))) << "others may refer to it";
  // It may come again.
  store().commit(commit);
  EXPECT_EQ(store().timeline(gone, {}).size(), 2U);
  EXPECT_THAT(peers_of(store().conversations(test_app, PartyId("alice"), false, 10)),
              testing::ElementsAre("bob", "bo"));
}

TEST_P(CommitContract, ReadersSeeAllOfACommitOrNothing) {
  const auto write = [&](Millis timestamp) {
    const auto id = "m" + std::to_string(timestamp);
    Commit commit;
    commit.messages = {message_of(id)};
    for (const auto* peer : {"a", "b"}) {
      commit.conversations.push_back(conversation_of(timeline_of("alice", peer), timestamp, id));
    }
    store().commit(commit);
  };
  write(1);
  std::atomic<bool> done = false;
  const std::jthread writer([&] {
    for (Millis timestamp = 2; timestamp <= 500; ++timestamp) write(timestamp);
    done = true;
  });
  while (!done) {
    const auto listing = store().conversations(test_app, PartyId("alice"), false, 10);
    ASSERT_THAT(peers_of(listing), testing::ElementsAre("a", "b"));
    EXPECT_EQ(listing[0].row.timestamp, listing[1].row.timestamp);
  }
}

class MessageContract : public StoreContract {};
INBOXD_FOR_EVERY_STORE(MessageContract);

TEST_P(MessageContract, KeepsEveryFieldAsItWas) {
  auto message = message_of("m1", -62'135'596'800'000);
  message.deferred_fanout = true;
  message.group = true;
  message.shadowed = true;
  message.sender = PartyId("анна");
  message.recipient = PartyId("group-日本");
  message.json = std::string("{\"text\":\"a\0b\"}", 14);
  Commit commit;
  commit.messages = {message};
  store().commit(commit);
  EXPECT_EQ(store().message(test_app, message.id), message);
}

TEST_P(MessageContract, AppsDoNotShareMessages) {
  auto here = message_of("m1");
  auto there = message_of("m1");
  there.app = AppId("other");
  there.json = R"({"text":"other"})";
  Commit commit;
  commit.messages = {here, there};
  store().commit(commit);
  EXPECT_EQ(store().message(test_app, here.id), here);
  EXPECT_EQ(store().message(there.app, here.id), there);
  EXPECT_FALSE(store().message(AppId("tilecha"), MessageId("tm1")));
}

TEST_P(MessageContract, TheLongestIdsAndLargeBodiesFit) {
  auto message = message_of(std::string(kMaxIdBytes, 'm'));
  message.app = AppId(std::string(kMaxIdBytes, 'a'));
  message.json = std::string(std::size_t{8} * 1024 * 1024, 'x');
  Commit commit;
  commit.messages = {message};
  store().commit(commit);
  EXPECT_EQ(store().message(message.app, message.id), message);
}

class GroupContract : public StoreContract {};
INBOXD_FOR_EVERY_STORE(GroupContract);

TEST_P(GroupContract, IsAsItsLastUpdateLeftIt) {
  Commit commit;
  commit.groups = {{test_app, PartyId("group-1"), {PartyId("alice"), PartyId("bob")}, R"({"name":"one"})"}};
  store().commit(commit);
  commit.groups = {{test_app, PartyId("group-1"), {PartyId("carol")}, R"({"name":"two"})"}};
  store().commit(commit);
  EXPECT_EQ(store().group(test_app, PartyId("group-1")), commit.groups[0]);
}

TEST_P(GroupContract, MayHaveNoMembersOrVeryMany) {
  Group crowd{test_app, PartyId("group-crowd"), {}, "{}"};
  for (int i = 0; i < 100'000; ++i) crowd.members.emplace_back("user-" + std::to_string(i));
  Commit commit;
  commit.groups = {{test_app, PartyId("group-0"), {}, "{}"}, crowd};
  store().commit(commit);
  EXPECT_EQ(store().group(test_app, PartyId("group-0")), commit.groups[0]);
  EXPECT_EQ(store().group(test_app, PartyId("group-crowd")), crowd);
}

TEST_P(GroupContract, IsUnknownByAPartOfItsIdAndInAnotherApp) {
  Commit commit;
  commit.groups = {{test_app, PartyId("group-10"), {}, "{}"}};
  store().commit(commit);
  EXPECT_FALSE(store().group(test_app, PartyId("group-1")));
  EXPECT_FALSE(store().group(AppId("other"), PartyId("group-10")));
}

}  // namespace
}  // namespace inboxd::test
