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

class PublicationContract : public StoreContract {
 protected:
  static PublicationRow row(const std::string& client_id, std::uint16_t packet_id,
                            const std::string& message = "m1", Millis expires_at = 5000) {
    return {client_id, packet_id, {1, kLastSequence}, test_app, MessageId(message), expires_at};
  }

  void write(const std::vector<PublicationRow>& rows) {
    Commit commit;
    commit.publications = rows;
    store().commit(commit);
  }
};
INBOXD_FOR_EVERY_STORE(PublicationContract);

TEST_P(PublicationContract, IsReadAsItWasUntilItExpires) {
  const auto publication = row("c", 1);
  const PublicationRow bare{"c", 65'535, {}, AppId(), MessageId(), 5000};
  write({publication, bare});
  EXPECT_EQ(store().publication("c", 1, 4999), publication);
  EXPECT_EQ(store().publication("c", 65'535, 4999), bare) << "one that became no message";
  EXPECT_FALSE(store().publication("c", 1, 5000));
  EXPECT_FALSE(store().publication("c", 1, 5001));
}

TEST_P(PublicationContract, EveryClientHasItsOwnPacketIds) {
  const std::string longest(65'535, '\xfe');
  write({row("c", 1, "m1"), row("c", 256, "m2"), row("c\x01", 1, "m3"), row(longest, 1, "m4")});
  EXPECT_EQ(store().publication("c", 1, 0)->message, MessageId("m1"));
  EXPECT_EQ(store().publication("c", 256, 0)->message, MessageId("m2"));
  EXPECT_EQ(store().publication("c\x01", 1, 0)->message, MessageId("m3"));
  EXPECT_EQ(store().publication(longest, 1, 0)->message, MessageId("m4"));
  EXPECT_FALSE(store().publication("c", 257, 0));
  EXPECT_FALSE(store().publication("", 1, 0));
}

TEST_P(PublicationContract, ALaterOneOfTheSamePacketIdReplacesIt) {
  write({row("c", 1, "m1", 5000)});
  write({row("c", 1, "m2", 3000)});
  EXPECT_EQ(store().publication("c", 1, 0), row("c", 1, "m2", 3000));
  EXPECT_FALSE(store().publication("c", 1, 3000));
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
    return {sequence, kHook, "alice|bob", "e" + std::to_string(sequence), 1000, std::string("\0{}", 3)};
  }

  static constexpr const char* kHook = "https://hook";
};
INBOXD_FOR_EVERY_STORE(OutboxContract);

TEST_P(OutboxContract, IsReadInOrderFromASequenceOn) {
  Commit commit;
  commit.outbox = {event(300), event(2), event(kLastSequence), event(1)};
  store().commit(commit);
  EXPECT_THAT(store().outbox(kHook, 0, 10),
              ElementsAre(event(1), event(2), event(300), event(kLastSequence)));
  EXPECT_THAT(store().outbox(kHook, 2, 2), ElementsAre(event(2), event(300)));
  EXPECT_THAT(store().outbox(kHook, 3, 1), ElementsAre(event(300)));
  EXPECT_THAT(store().outbox(kHook, 0, 0), IsEmpty());
}

TEST_P(OutboxContract, RemovedRowsGo) {
  Commit commit;
  commit.outbox = {event(1), event(2), event(3)};
  store().commit(commit);
  Commit sent;
  sent.removed_outbox = {{kHook, 2}, {kHook, 9}, {"https://other", 3}};
  sent.outbox = {event(4)};
  store().commit(sent);
  EXPECT_THAT(store().outbox(kHook, 0, 10), ElementsAre(event(1), event(3), event(4)));
}

TEST_P(OutboxContract, EndpointsHaveTheirOwnRows) {
  auto elsewhere = event(2);
  elsewhere.endpoint = "https://hook2?token=a,b";
  Commit commit;
  commit.outbox = {event(1), elsewhere, event(3)};
  store().commit(commit);
  EXPECT_THAT(store().outbox(kHook, 0, 10), ElementsAre(event(1), event(3)));
  EXPECT_THAT(store().outbox(elsewhere.endpoint, 0, 10), ElementsAre(elsewhere));
  EXPECT_THAT(store().outbox("https://hoo", 0, 10), IsEmpty());
  EXPECT_THAT(store().outbox_endpoints(), ElementsAre(kHook, elsewhere.endpoint));
}

TEST_P(OutboxContract, WhatCouldNotBeDeliveredIsKept) {
  const UndeliveredEvent first{event(1), 5000, "timeout", 3};
  const UndeliveredEvent second{event(300), 6000, "too old", 0};
  Commit commit;
  commit.undelivered = {second, first};
  store().commit(commit);
  EXPECT_THAT(store().undelivered(10), ElementsAre(second, first)) << "newest first";
  EXPECT_THAT(store().undelivered(1), ElementsAre(second));
  EXPECT_EQ(store().undelivered_event(1), first);
  EXPECT_FALSE(store().undelivered_event(2));
  Commit replay;
  replay.removed_undelivered = {1, 9};
  replay.outbox = {event(1)};
  store().commit(replay);
  EXPECT_THAT(store().undelivered(10), ElementsAre(second));
}

class ArrivalContract : public StoreContract {
 protected:
  void write(std::uint64_t sequence, const std::string& owner, const std::string& peer, Millis timestamp,
             const std::string& message) {
    Commit commit;
    commit.messages = {message_of(message, timestamp)};
    commit.rows = {row_of(timeline_of(owner, peer), timestamp, message)};
    commit.arrivals = {{sequence, timeline_of(owner, peer), timestamp, MessageId(message)}};
    store().commit(commit);
  }

  std::vector<std::string> read(const std::string& owner, std::uint64_t after, std::size_t limit = 10) {
    page = store().arrivals(test_app, PartyId(owner), after, limit);
    std::vector<std::string> ids;
    for (const auto& entry : page.entries) ids.push_back(entry.entry.message.id.str());
    return ids;
  }

  ArrivalPage page;
};
INBOXD_FOR_EVERY_STORE(ArrivalContract);

TEST_P(ArrivalContract, AreReadInTheOrderInWhichTheyCame) {
  write(10, "alice", "bob", 9000, "m1");
  write(300, "alice", "carol", 1000, "m2");
  write(301, "bob", "alice", 1000, "m3");
  EXPECT_THAT(read("alice", 0), ElementsAre("m1", "m2"));
  EXPECT_FALSE(page.more);
  EXPECT_EQ(page.next, 301U) << "nothing of hers came up to there";
  EXPECT_EQ(page.entries[1].sequence, 300U);
  EXPECT_EQ(page.entries[1].entry.row.timeline, timeline_of("alice", "carol"));
  EXPECT_THAT(read("alice", 10), ElementsAre("m2"));
  EXPECT_THAT(read("alice", 300), IsEmpty());
  EXPECT_THAT(read("nobody", 0), IsEmpty());
  EXPECT_THAT(read("alice", kLastSequence), IsEmpty());
}

TEST_P(ArrivalContract, PagesMissNothing) {
  write(1, "alice", "bob", 1, "m1");
  write(2, "alice", "bob", 2, "m2");
  write(3, "alice", "bob", 3, "m3");
  EXPECT_THAT(read("alice", 0, 2), ElementsAre("m1", "m2"));
  EXPECT_TRUE(page.more);
  EXPECT_EQ(page.next, 2U);
  EXPECT_THAT(read("alice", page.next, 2), ElementsAre("m3"));
  EXPECT_FALSE(page.more);
  write(4, "alice", "bob", 4, "m4");
  EXPECT_THAT(read("alice", page.next, 2), ElementsAre("m4"));
}

TEST_P(ArrivalContract, OneCommitMayBringManyAndAPageMayEndAmongThem) {
  Commit commit;
  for (int i = 1; i <= 5; ++i) {
    const std::string id = "m" + std::to_string(i);
    const auto timeline = timeline_of(i % 2 == 0 ? "alice" : "bob", "x");
    commit.messages.push_back(message_of(id, i));
    commit.rows.push_back(row_of(timeline, i, id));
    commit.arrivals.push_back({static_cast<std::uint64_t>(i) * 100, timeline, i, MessageId(id)});
  }
  store().commit(commit);
  EXPECT_THAT(read("bob", 0, 2), ElementsAre("m1", "m3"));
  EXPECT_EQ(page.next, 300U);
  EXPECT_THAT(read("bob", page.next, 2), ElementsAre("m5"));
  EXPECT_THAT(read("bob", 100, 1), ElementsAre("m3"));
  EXPECT_THAT(read("bob", 299), ElementsAre("m3", "m5"));
  EXPECT_THAT(read("alice", 0), ElementsAre("m2", "m4"));
  EXPECT_THAT(read("alice", 400), IsEmpty());
}

TEST_P(ArrivalContract, OfARemovedTimelineAreNotShown) {
  write(1, "alice", "bob", 1, "m1");
  write(2, "alice", "carol", 2, "m2");
  Commit removal;
  removal.removed_timelines = {timeline_of("alice", "bob")};
  store().commit(removal);
  EXPECT_THAT(read("alice", 0), ElementsAre("m2"));
}

TEST_P(ArrivalContract, TheFloorOfSequencesIsRemembered) {
  EXPECT_EQ(store().sequence_floor(), 0U);
  Commit commit;
  commit.sequence_floor = kLastSequence - 1;
  store().commit(commit);
  EXPECT_EQ(store().sequence_floor(), kLastSequence - 1);
}

class UserContract : public StoreContract {
 protected:
  PresenceRow connection(const std::string& user, const std::string& client, Millis seen) {
    return {test_app, PartyId(user), client, seen};
  }
};
INBOXD_FOR_EVERY_STORE(UserContract);

TEST_P(UserContract, HasConnections) {
  Commit commit;
  commit.presence = {connection("alice", "c2", 20), connection("alice", "c1", 10),
                     connection("bob", "c1", 30), connection("alice1", "c1", 1)};
  store().commit(commit);
  EXPECT_THAT(store().presence(test_app, PartyId("alice")),
              ElementsAre(connection("alice", "c1", 10), connection("alice", "c2", 20)));
  Commit change;
  change.presence = {connection("alice", "c1", 50)};
  change.removed_presence = {connection("alice", "c2", 0), connection("alice", "c9", 0)};
  store().commit(change);
  EXPECT_THAT(store().presence(test_app, PartyId("alice")), ElementsAre(connection("alice", "c1", 50)));

  std::vector<PresenceRow> all;
  std::optional<PresenceRow> cursor;
  for (;;) {
    const auto page = store().presence_page(cursor, 2);
    if (page.empty()) break;
    all.insert(all.end(), page.begin(), page.end());
    cursor = page.back();
  }
  EXPECT_THAT(all, ::testing::UnorderedElementsAre(connection("alice", "c1", 50), connection("bob", "c1", 30),
                                                   connection("alice1", "c1", 1)));
}

TEST_P(UserContract, HasInstances) {
  const InstanceRow phone{test_app, PartyId("alice"), "a:very:long/id", 10, R"({"platform":"ios"})"};
  const InstanceRow other{test_app, PartyId("alice2"), "x", 10, "{}"};
  Commit commit;
  commit.instances = {phone, other};
  store().commit(commit);
  EXPECT_THAT(store().instances(test_app, PartyId("alice")), ElementsAre(phone));
  Commit removal;
  removal.removed_instances = {phone};
  store().commit(removal);
  EXPECT_THAT(store().instances(test_app, PartyId("alice")), IsEmpty());
}

TEST_P(IdempotencyContract, ATempUidNamesWhatAnyoneSentToARecipient) {
  write(key("alice", "group-1", "t1"), "m1", 5000);
  write(key("bob", "group-1", "t1"), "m2", 5000);
  write(key("bob", "group-1", "t10"), "m3", 5000);
  write(key("bob", "group-2", "t1"), "m4", 5000);
  write(key("carol", "group-1", "t1"), "m5", 100);
  EXPECT_THAT(store().idempotent_to(test_app, PartyId("group-1"), "t1", 1000),
              ElementsAre(MessageId("m1"), MessageId("m2")));
  EXPECT_THAT(store().idempotent_to(test_app, PartyId("group-3"), "t1", 1000), IsEmpty());
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
