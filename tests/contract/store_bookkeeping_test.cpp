#include <limits>

#include "contract/store_fixture.hpp"

namespace inboxd::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kLastSequence = std::numeric_limits<std::uint64_t>::max();

class IdempotencyContract : public StoreContract {
 protected:
  IdempotencyKey key(const std::string& sender, const std::string& recipient, const std::string& temp_uid) {
    return {test_app, PartyId(sender), PartyId(recipient), temp_uid};
  }

  void write(const IdempotencyKey& key, const std::string& message, Millis expires_at) {
    Commit commit;
    commit.idempotency = {{key, MessageId(message), expires_at}};
    store().commit(commit);
  }
};
INBOXD_FOR_EVERY_STORE(IdempotencyContract);

TEST_P(IdempotencyContract, NamesTheMessageUntilItExpires) {
  write(key("alice", "bob", "t1"), "m1", 5000);
  EXPECT_EQ(store().idempotent(key("alice", "bob", "t1"), 4999), MessageId("m1"));
  EXPECT_FALSE(store().idempotent(key("alice", "bob", "t1"), 5000));
  EXPECT_FALSE(store().idempotent(key("alice", "bob", "t1"), 5001));
}

TEST_P(IdempotencyContract, EveryPartOfTheKeyCounts) {
  write(key("alice", "bob", "t1"), "m1", 5000);
  EXPECT_FALSE(store().idempotent(key("alice", "bob", "t2"), 0));
  EXPECT_FALSE(store().idempotent(key("alice", "carol", "t1"), 0));
  EXPECT_FALSE(store().idempotent(key("carol", "bob", "t1"), 0));
  EXPECT_FALSE(store().idempotent({AppId("other"), PartyId("alice"), PartyId("bob"), "t1"}, 0));
}

TEST_P(IdempotencyContract, ATempUidMayHoldAnyByteButNul) {
  const std::string odd = "\x01\xff/. \n#+";
  const std::string longest(255, '\xfe');
  write(key("alice", "bob", odd), "m1", 5000);
  write(key("alice", "bob", longest), "m2", 5000);
  EXPECT_EQ(store().idempotent(key("alice", "bob", odd), 0), MessageId("m1"));
  EXPECT_EQ(store().idempotent(key("alice", "bob", longest), 0), MessageId("m2"));
}

TEST_P(IdempotencyContract, ALaterRowReplacesAnEarlier) {
  write(key("alice", "bob", "t1"), "m1", 5000);
  write(key("alice", "bob", "t1"), "m2", 9000);
  EXPECT_EQ(store().idempotent(key("alice", "bob", "t1"), 8000), MessageId("m2"));
}

class FingerprintContract : public StoreContract {};
INBOXD_FOR_EVERY_STORE(FingerprintContract);

TEST_P(FingerprintContract, AreReadInTheOrderOfTheirSequence) {
  const FingerprintRow last{kLastSequence, {kLastSequence, 0}, test_app, MessageId("m3")};
  const FingerprintRow second{256, {1, kLastSequence}, AppId("other"), MessageId("m2")};
  const FingerprintRow first{255, {1, 2}, test_app, MessageId("m1")};
  Commit commit;
  commit.fingerprints = {last, second, first};
  store().commit(commit);
  EXPECT_THAT(store().fingerprints(), ElementsAre(first, second, last));
}

TEST_P(FingerprintContract, GoWhenForgotten) {
  Commit commit;
  commit.fingerprints = {{1, {1, 1}, test_app, MessageId("m1")}, {2, {1, 1}, test_app, MessageId("m2")}};
  store().commit(commit);
  Commit forget;
  forget.forgotten_fingerprints = {1, 77};
  store().commit(forget);
  EXPECT_THAT(store().fingerprints(), ElementsAre(commit.fingerprints[1]));
}

class OutboxContract : public StoreContract {
 protected:
  OutboxRow event(std::uint64_t sequence) {
    return {sequence, "https://hook",        "alice|bob", "e" + std::to_string(sequence),
            1000,     std::string("\0{}", 3)};
  }
};
INBOXD_FOR_EVERY_STORE(OutboxContract);

TEST_P(OutboxContract, IsReadInOrderFromASequenceOn) {
  Commit commit;
  commit.outbox = {event(300), event(2), event(kLastSequence), event(1)};
  store().commit(commit);
  EXPECT_THAT(store().outbox(0, 10), ElementsAre(event(1), event(2), event(300), event(kLastSequence)));
  EXPECT_THAT(store().outbox(2, 2), ElementsAre(event(2), event(300)));
  EXPECT_THAT(store().outbox(3, 1), ElementsAre(event(300)));
  EXPECT_THAT(store().outbox(0, 0), IsEmpty());
}

TEST_P(OutboxContract, RemovedRowsGo) {
  Commit commit;
  commit.outbox = {event(1), event(2), event(3)};
  store().commit(commit);
  Commit sent;
  sent.removed_outbox = {2, 9};
  sent.outbox = {event(4)};
  store().commit(sent);
  EXPECT_THAT(store().outbox(0, 10), ElementsAre(event(1), event(3), event(4)));
}

class JobContract : public StoreContract {
 protected:
  FanoutJob job(std::uint64_t sequence) {
    return {sequence,
            test_app,
            PartyId("group-1"),
            MessageId("m1"),
            false,
            R"({"group":{}})",
            {PartyId("alice"), PartyId("bob")}};
  }

  FanoutJob head(std::uint64_t sequence) {
    auto head = job(sequence);
    head.members.clear();
    head.notice.clear();
    return head;
  }
};
INBOXD_FOR_EVERY_STORE(JobContract);

TEST_P(JobContract, AreListedInOrderWithProgressAndWithoutMembers) {
  Commit commit;
  commit.jobs = {job(300), job(7)};
  commit.job_progress = {{300, 256}};
  store().commit(commit);
  const auto jobs = store().jobs();
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_EQ(jobs[0].first, head(7));
  EXPECT_EQ(jobs[0].second.sequence, 7U);
  EXPECT_EQ(jobs[0].second.done, 0U);
  EXPECT_EQ(jobs[1].first, head(300));
  EXPECT_EQ(jobs[1].second.done, 256U);
}

TEST_P(JobContract, OneIsReadWhole) {
  auto notice_only = job(2);
  notice_only.message = MessageId();
  notice_only.update_conversations = true;
  Commit commit;
  commit.jobs = {job(1), notice_only};
  store().commit(commit);
  EXPECT_EQ(store().job(1), job(1));
  EXPECT_EQ(store().job(2), notice_only);
  EXPECT_FALSE(store().job(3));
}

TEST_P(JobContract, ProgressAdvancesAndTheEndRemovesIt) {
  Commit commit;
  commit.jobs = {job(1), job(2)};
  store().commit(commit);
  Commit advance;
  advance.job_progress = {{1, 5}};
  store().commit(advance);
  advance.job_progress = {{1, 9}};
  store().commit(advance);
  EXPECT_EQ(store().jobs()[0].second.done, 9U);
  Commit finish;
  finish.finished_jobs = {1};
  store().commit(finish);
  ASSERT_EQ(store().jobs().size(), 1U);
  EXPECT_EQ(store().jobs()[0].first, head(2));
  EXPECT_EQ(store().jobs()[0].second.done, 0U);
  EXPECT_FALSE(store().job(1));
}

}  // namespace
}  // namespace inboxd::test
