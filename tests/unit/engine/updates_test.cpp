#include <gmock/gmock.h>

#include "core/receipt.hpp"
#include "engine_fixture.hpp"

/// Receipts, conversations, archive, presence and what goes to the outbox, through the whole engine.
namespace inboxd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class UpdatesTest : public testing::EngineTest {
 protected:
  UpdatesTest() {
    settings.events.endpoints = {"http://one/hook"};
    settings.events.wanted.fill(true);
    settings.presence = true;
  }

  /// What the outbox holds for an endpoint: "type to user" of each event.
  std::vector<std::string> events(const std::string& endpoint = "http://one/hook") const {
    std::vector<std::string> names;
    for (const OutboxRow& row : store.outbox(endpoint, 0, 1'000)) {
      const auto body = json::parse_object(row.body);
      const auto text = [&](std::string_view field) {
        return json::string_value(body->find(field).value_or("")).value_or("");
      };
      const std::string whom = text("delivered_to").empty() ? text("user_id") : text("delivered_to");
      names.push_back(text("event_type") + (whom.empty() ? "" : " " + whom));
    }
    return names;
  }

  std::string id_in(const std::string& owner, const std::string& peer) const {
    return timeline(owner, peer).back().row.message.str();
  }
  Status status_in(const std::string& owner, const std::string& peer) const {
    return timeline(owner, peer).back().row.status;
  }
  std::optional<ConversationRow> conversation(const char* owner, const char* peer) const {
    return store.conversation({AppId{"tilechat"}, PartyId{owner}, PartyId{peer}});
  }
  void user(const std::string& who, const std::string& rest, const std::string& payload) {
    broker.send("apps.tilechat.users." + who + "." + rest, payload);
  }
};

TEST_F(UpdatesTest, AReceiptReachesTheSender) {
  chat("alice", "bob", R"({"text":"hi","attributes":{"tempUID":"t1"}})");
  run();
  const std::string id = id_in("alice", "bob");
  broker.published.clear();
  user("bob", "messages.alice." + id + ".update", R"({"status":200})");
  run();
  EXPECT_EQ(status_in("bob", "alice"), Status::kReceived);
  EXPECT_EQ(status_in("alice", "bob"), Status::kReturnReceipt);
  EXPECT_THAT(published("alice", "message_id", ".clientupdated"), ElementsAre("\"" + id + "\"", "\"t1\""));
  EXPECT_EQ(broker.published.size(), 4U) << "both ids, in both layouts";

  // The id trap: the same again by the tempUID says nothing new, and makes no second row.
  broker.published.clear();
  user("bob", "messages.alice.t1.update", R"({"status":200})");
  run();
  EXPECT_THAT(broker.published, IsEmpty());
  user("bob", "messages.alice.t1.update", R"({"status":300})");
  run();
  EXPECT_THAT(published("alice", "status", ".clientupdated"), ElementsAre("300", "300"));
  EXPECT_THAT(timeline("alice", "bob"), SizeIs(1));
  EXPECT_THAT(events(), ElementsAre("message-delivered bob", "message-sent alice", "message-received",
                                    "message-return-receipt", "message-received", "message-return-receipt"));
}

TEST_F(UpdatesTest, AReceiptOfTheSeedsLayoutDoesTheSame) {
  broker.send(".apps.tilechat.users.alice.bob.messages.outgoing", R"({"text":"hi"})");
  run();
  const std::string id = id_in("alice", "bob");
  broker.published.clear();
  broker.send(".apps.tilechat.users.bob.alice.messages." + id + ".update", R"({"status":200})");
  run();
  ASSERT_EQ(broker.published.size(), 2U);
  EXPECT_EQ(broker.published[1].first, ".apps.tilechat.users.alice.bob.messages." + id + ".clientupdated");
}

TEST_F(UpdatesTest, AGroupsReceiptsAreCountedForTheSender) {
  const std::string group = R"("group":{"members":{"a":1,"b":1,"c":1}}})";
  chat("a", "group-1", R"({"text":"hi","attributes":{"tempUID":"t1"},)" + group);
  run();
  const std::string id = id_in("a", "group-1");
  user("b", "messages.group-1." + id + ".update", R"({"status":200})");
  user("c", "messages.group-1.t1.update", R"({"status":300})");
  run();
  EXPECT_THAT(published("a", "by", id + ".clientupdated"), ElementsAre("\"b\"", "\"c\""));
  const auto row = timeline("a", "group-1").back().row;
  EXPECT_EQ(row.received, 2U);
  EXPECT_EQ(row.seen, 1U);
  EXPECT_EQ(row.status, Status::kSeen);
  EXPECT_EQ(timeline("group-1", "group-1").back().row.received, 2U);
  EXPECT_EQ(status_in("b", "group-1"), Status::kReceived);
}

TEST_F(UpdatesTest, WhatMatchesNothingCreatesNothing) {
  chat("alice", "bob", R"({"text":"hi"})");
  run();
  const std::string id = id_in("alice", "bob");
  broker.published.clear();
  const auto before = events().size();
  user("bob", "messages.alice.unheard-of.update", R"({"status":200})");
  user("mallory", "messages.alice." + id + ".update", R"({"status":200})");
  user("alice", "messages.bob." + id + ".update", R"({"status":200})");
  user("bob", "conversations.stranger.update", R"({"is_new":false})");
  run();
  EXPECT_THAT(broker.published, IsEmpty());
  EXPECT_THAT(timeline("mallory", "alice"), IsEmpty());
  EXPECT_FALSE(conversation("bob", "stranger"));
  EXPECT_EQ(probe.refusals[Reason::kNotFound], 3);
  EXPECT_EQ(probe.refusals[Reason::kNotAllowed], 1) << "the sender of it";
  EXPECT_EQ(events().size(), before);
  // Archiving what does not exist does nothing, and is no mistake.
  user("bob", "conversations.stranger.archive", "{}");
  run();
  EXPECT_EQ(probe.outcomes[Outcome::kIgnored], 1);
}

TEST_F(UpdatesTest, ReadingAConversationIsToldToTheOwnersOtherDevices) {
  chat("alice", "bob", R"({"text":"1"})");
  chat("alice", "bob", R"({"text":"2"})");
  run();
  EXPECT_EQ(conversation("bob", "alice")->unread, 2U);
  EXPECT_EQ(conversation("alice", "bob")->unread, 0U);
  user("bob", "conversations.alice.update", R"({"is_new":false,"pinned":true})");
  run();
  EXPECT_THAT(published("bob", "is_new", ".conversations.alice.clientupdated"), ElementsAre("false"));
  EXPECT_THAT(published("bob", "conversWith", ".conversations.alice.clientupdated"),
              ElementsAre("\"alice\""));
  const auto row = conversation("bob", "alice");
  EXPECT_FALSE(row->is_new);
  EXPECT_EQ(row->unread, 0U);
  EXPECT_EQ(row->patch, R"({"pinned":true})");

  user("bob", "conversations.alice.update", R"({"conversWith":"carol"})");
  run();
  EXPECT_EQ(probe.refusals[Reason::kBadField], 1) << "whose conversation it is cannot be patched";
}

TEST_F(UpdatesTest, ArchivingAndWhatBringsAConversationBack) {
  chat("alice", "bob", R"({"text":"1"})");
  run();
  const auto before = events().size();
  user("bob", "conversations.alice.archive", "{}");
  run();
  EXPECT_TRUE(conversation("bob", "alice")->archived);
  EXPECT_THAT(published("bob", "archived", ".conversations.alice.clientdeleted"), ElementsAre("true"));
  EXPECT_THAT(published("bob", "text", ".archived_conversations.alice.clientadded"), ElementsAre("\"1\""));
  EXPECT_THAT(events(), SizeIs(before + 1));
  EXPECT_EQ(events().back(), "conversation-archived bob");
  user("bob", "conversations.alice.archive", "{}");
  run();
  EXPECT_THAT(events(), SizeIs(before + 1)) << "an event on the change alone";

  chat("alice", "bob", R"({"text":"2"})");
  run();
  EXPECT_FALSE(conversation("bob", "alice")->archived);
  EXPECT_THAT(events(), ::testing::Contains("conversation-unarchived bob"));
}

TEST_F(UpdatesTest, PresenceIsToldOnTheChangeOnly) {
  const std::string up = R"({"connected":true})";
  const std::string down = R"({"disconnected":true})";
  user("alice", "presence.c1", up);
  user("alice", "presence.c1", up);
  user("alice", "presence.c2", up);
  user("alice", "presence.c1", down);
  run();
  EXPECT_THAT(events(), ElementsAre("presence-change alice"));
  user("alice", "presence.c2", down);
  run();
  EXPECT_THAT(events(), SizeIs(2));
  EXPECT_THAT(store.presence(AppId{"tilechat"}, PartyId{"alice"}), IsEmpty());
}

TEST_F(UpdatesTest, ConnectionsThatARestartFoundExpire) {
  store.commit({.presence = {{AppId{"tilechat"}, PartyId{"alice"}, "c1", clock.now() - 10'000},
                             {AppId{"tilechat"}, PartyId{"bob"}, "c1", clock.now()}}});
  settings.presence_ttl = std::chrono::seconds(5);
  run();
  EXPECT_THAT(events(), ElementsAre("presence-change alice"));
  EXPECT_THAT(store.presence(AppId{"tilechat"}, PartyId{"alice"}), IsEmpty());
  EXPECT_THAT(store.presence(AppId{"tilechat"}, PartyId{"bob"}), SizeIs(1));
}

TEST_F(UpdatesTest, PresenceThatIsOffIsIgnored) {
  settings.presence = false;
  user("alice", "presence.c1", R"({"connected":true})");
  run();
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_EQ(probe.outcomes[Outcome::kIgnored], 1);
}

TEST_F(UpdatesTest, EachEndpointGetsEachEventUnderOneId) {
  settings.events.endpoints = {"http://one/hook", "http://two/hook"};
  chat("alice", "bob", R"({"text":"1"})");
  run();
  const auto one = store.outbox("http://one/hook", 0, 10);
  const auto two = store.outbox("http://two/hook", 0, 10);
  ASSERT_THAT(one, SizeIs(2));
  ASSERT_THAT(two, SizeIs(2));
  EXPECT_EQ(one[0].event_id, two[0].event_id);
  EXPECT_NE(one[0].event_id, one[1].event_id);
  EXPECT_LT(one[0].sequence, one[1].sequence);
  EXPECT_EQ(one[0].ordering_key, "alice/bob");
}

TEST_F(UpdatesTest, AResendIsNoSecondEvent) {
  chat("alice", "bob", R"({"text":"1","attributes":{"tempUID":"t1"}})");
  chat("alice", "bob", R"({"text":"1","attributes":{"tempUID":"t1"}})");
  run();
  EXPECT_THAT(events(), ElementsAre("message-delivered bob", "message-sent alice"));
}

TEST_F(UpdatesTest, AGroupsMembersAreAnEventEach) {
  chat("a", "group-1", R"({"text":"hi","group":{"members":{"b":1,"c":1,"d":1,"e":1,"f":1,"g":1}}})");
  run();
  auto names = events();
  std::sort(names.begin(), names.end());
  EXPECT_THAT(names, ElementsAre("message-delivered a", "message-delivered b", "message-delivered c",
                                 "message-delivered d", "message-delivered e", "message-delivered f",
                                 "message-delivered g", "message-sent group-1"));
}

TEST_F(UpdatesTest, WhatTheReferenceLeftInItsQueueGoesOut) {
  broker.waiting.push_back({.routing_key = "observer.webhook.apps.tilechat.presence",
                            .payload = R"({"event_type":"presence-change","user_id":"zoe"})",
                            .queue = Queue::kWebhooks});
  run();
  EXPECT_THAT(events(), ElementsAre("presence-change zoe"));
}

TEST_F(UpdatesTest, ArrivalsTellWhatIsNew) {
  chat("alice", "bob", R"({"text":"1"})");
  chat("carol", "bob", R"({"text":"2"})");
  run();
  const AppId app{"tilechat"};
  const auto all = store.arrivals(app, PartyId{"bob"}, 0, 10);
  ASSERT_THAT(all.entries, SizeIs(2));
  EXPECT_EQ(all.entries[0].entry.row.timeline.peer, PartyId{"alice"});
  chat("alice", "bob", R"({"text":"old","timestamp":5})");
  run();
  const auto next = store.arrivals(app, PartyId{"bob"}, all.next, 10);
  ASSERT_THAT(next.entries, SizeIs(1)) << "also one whose timestamp is older than what was read";
  EXPECT_GT(next.next, all.next);
}

struct Answers {
  std::vector<Verdict> verdicts;
  Submitter::Done taker() {
    return [this](const Verdict& verdict) { verdicts.push_back(verdict); };
  }
};

std::vector<Publication> one_message(const char* payload) {
  return {{.routing_key = "apps.tilechat.outgoing.users.alice.messages.bob.outgoing",
           .payload = std::make_shared<const std::string>(payload)}};
}

class SubmissionTest : public UpdatesTest {
 protected:
  /// Runs an engine, and gives it to `act` once it is connected and idle.
  void run_with(const std::function<void(Engine&)>& act) {
    Engine engine(settings, {broker, store, clock, entropy, log, probe});
    bool acted = false;
    broker.on_idle = [&] {
      if (!std::exchange(acted, true)) return act(engine);
      stop_when_done(engine);
    };
    engine.run();
  }
};

TEST_F(SubmissionTest, IsAnsweredOnceItIsCommitted) {
  Answers answers;
  run_with([&](Engine& engine) {
    engine.submitter().submit(one_message(R"({"text":"hi"})"), Submitter::Await::kCommit,
                              std::chrono::seconds(10), answers.taker());
    EXPECT_THAT(answers.verdicts, IsEmpty());
  });
  ASSERT_THAT(answers.verdicts, SizeIs(1));
  EXPECT_EQ(answers.verdicts[0].message, timeline("alice", "bob").back().row.message);
  EXPECT_THAT(received("bob"), ElementsAre("\"hi\""));
}

TEST_F(SubmissionTest, IsToldOfARefusal) {
  Answers answers;
  run_with([&](Engine& engine) {
    engine.submitter().submit(one_message(R"({"text":7})"), Submitter::Await::kCommit,
                              std::chrono::seconds(10), answers.taker());
  });
  ASSERT_THAT(answers.verdicts, SizeIs(1));
  EXPECT_EQ(answers.verdicts[0].refusal->reason, Reason::kBadField);
}

TEST_F(SubmissionTest, IsTurnedAwayWhileNoBrokerIsThere) {
  Answers answers;
  Engine engine(settings, {broker, store, clock, entropy, log, probe});
  engine.submitter().submit(one_message("{}"), Submitter::Await::kCommit, std::chrono::seconds(10),
                            answers.taker());
  ASSERT_THAT(answers.verdicts, SizeIs(1));
  EXPECT_FALSE(answers.verdicts[0].failure.empty());
}

TEST_F(SubmissionTest, WhatCannotBeHeardFailsInTime) {
  Answers answers;
  auto parts = one_message("{}");
  run_with([&](Engine& engine) {
    engine.submitter().submit(parts, Submitter::Await::kCommit, std::chrono::milliseconds(50),
                              answers.taker());
    broker.waiting.clear();
    broker.blocked = true;  // nothing is published
    clock.advance(std::chrono::seconds(1));
  });
  ASSERT_THAT(answers.verdicts, SizeIs(1));
  EXPECT_FALSE(answers.verdicts[0].failure.empty());
}

TEST_F(SubmissionTest, ThatTheEngineDoesNotListenToIsConfirmed) {
  Answers answers;
  run_with([&](Engine& engine) {
    engine.submitter().submit({{.routing_key = "apps.tilechat.users.bob.typings.alice.clienttyping",
                                .payload = std::make_shared<const std::string>("{}")}},
                              Submitter::Await::kConfirm, std::chrono::seconds(10), answers.taker());
  });
  ASSERT_THAT(answers.verdicts, SizeIs(1));
  EXPECT_TRUE(answers.verdicts[0].failure.empty());
  EXPECT_THAT(broker.published, SizeIs(1));
}

// A session that is lost between the broker's taking a part and its confirm has the part published again.
TEST_F(SubmissionTest, APartThatComesTwiceIsOneMessage) {
  for (const bool redelivered : {false, true}) {
    broker.waiting.push_back({.routing_key = "apps.tilechat.outgoing.users.alice.messages.bob.outgoing",
                              .payload = R"({"text":"hi"})",
                              .delivered_before = redelivered,
                              .request = "000000000000000100112233445566778899aabbccddeeff-0"});
  }
  run();
  EXPECT_THAT(timeline("alice", "bob"), SizeIs(1));
  EXPECT_THAT(received("bob"), SizeIs(2)) << "the redelivered one may never have been published";
  EXPECT_THAT(events(), SizeIs(2));
}

TEST_F(SubmissionTest, TopicsThatNoBrokerCanCarryAreRefusedAtOnce) {
  Answers answers;
  auto parts = one_message("{}");
  parts[0].routing_key = std::string(256, 'x');
  run_with([&](Engine& engine) {
    engine.submitter().submit(parts, Submitter::Await::kCommit, std::chrono::seconds(10), answers.taker());
  });
  ASSERT_THAT(answers.verdicts, SizeIs(1));
  EXPECT_EQ(answers.verdicts[0].refusal->reason, Reason::kKeyTooLong);
}

TEST_F(SubmissionTest, AStrangersNameIsADeliveryLikeAnother) {
  broker.waiting.push_back({.routing_key = "apps.tilechat.outgoing.users.a.messages.b.outgoing",
                            .payload = R"({"text":"hi"})",
                            .request = "0123456789abcdef0123456789abcdef-0"});
  run();
  EXPECT_THAT(received("b"), ElementsAre("\"hi\""));
}

}  // namespace
}  // namespace inboxd
