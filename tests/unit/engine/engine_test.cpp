#include "engine/engine.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <future>
#include <utility>

#include "core/fingerprint.hpp"
#include "crashing_store.hpp"
#include "engine_fixture.hpp"

namespace inboxd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using EngineTest = testing::EngineTest;

constexpr const char* kOutgoing = "apps.tilechat.outgoing.users.a.messages.b.outgoing";

TEST_F(EngineTest, ADirectMessageReachesBothInboxesInBothLayouts) {
  broker.send(".apps.tilechat.users.alice.bob.messages.outgoing", R"({"text":"hi"})");
  run();

  std::vector<std::string> keys;
  for (const auto& [key, payload] : broker.published) keys.push_back(key);
  EXPECT_THAT(keys, ElementsAre("apps.tilechat.users.bob.messages.alice.clientadded",
                                ".apps.tilechat.users.bob.alice.messages.clientadded",
                                "apps.tilechat.users.alice.messages.bob.clientadded",
                                ".apps.tilechat.users.alice.bob.messages.clientadded"))
      << "the recipient waits for it";
  EXPECT_THAT(received("alice", "status"), ElementsAre("100"));
  EXPECT_THAT(received("bob", "status"), ElementsAre("150"));
  EXPECT_EQ(received("alice", "message_id"), received("bob", "message_id"));

  ASSERT_THAT(timeline("alice", "bob"), SizeIs(1));
  ASSERT_THAT(timeline("bob", "alice"), SizeIs(1));
  const auto conversations = store.conversations(AppId{"tilechat"}, PartyId{"bob"}, false, 10);
  ASSERT_THAT(conversations, SizeIs(1));
  EXPECT_TRUE(conversations[0].row.is_new);
  EXPECT_FALSE(store.conversation({AppId{"tilechat"}, PartyId{"alice"}, PartyId{"bob"}})->is_new);
  EXPECT_TRUE(broker.waiting.empty()) << "acknowledged";
}

TEST_F(EngineTest, AResendWithTheSameTempUidIsOneMessage) {
  const std::string payload = R"({"text":"hi","attributes":{"tempUID":"u1"}})";
  chat("alice", "bob", payload);
  chat("alice", "bob", payload);
  chat("alice", "carol", payload);
  chat("alice", "bob", payload);
  run();

  EXPECT_THAT(timeline("alice", "bob"), SizeIs(1));
  EXPECT_THAT(timeline("alice", "carol"), SizeIs(1)) << "another recipient, another message";
  EXPECT_THAT(received("bob"), SizeIs(1));
  const auto echoes = received("alice", "message_id");
  ASSERT_THAT(echoes, SizeIs(4)) << "answered to the sender each time";
  EXPECT_EQ(echoes[0], echoes[1]);
  EXPECT_NE(echoes[0], echoes[2]);
  EXPECT_EQ(echoes[0], echoes[3]);
  EXPECT_EQ(probe.outcomes[Outcome::kRepeated], 2);
}

TEST_F(EngineTest, TwinsWithoutTempUidAreTwoMessages) {
  chat("alice", "bob", R"({"text":"ok"})");
  chat("alice", "bob", R"({"text":"ok"})");
  run();
  EXPECT_THAT(timeline("alice", "bob"), SizeIs(2));
}

TEST_F(EngineTest, TimestampsIncreaseWithinAConversation) {
  chat("alice", "bob", R"({"text":"1"})");
  chat("bob", "alice", R"({"text":"2"})");
  chat("alice", "bob", R"({"text":"3"})");
  run();
  const auto entries = timeline("alice", "bob");
  ASSERT_THAT(entries, SizeIs(3));
  EXPECT_LT(entries[0].row.timestamp, entries[1].row.timestamp);
  EXPECT_LT(entries[1].row.timestamp, entries[2].row.timestamp);
}

TEST_F(EngineTest, AGroupsMembersShareOneBody) {
  broker.send(
      "apps.observer.tilechat.groups.update",
      R"({"group":{"uid":"group-1","members":{"a":1,"b":1,"c":1},"notification":1},"notify_to":{"a":1,"d":1}})");
  chat("a", "group-1", R"({"text":"hi"})");
  run();
  EXPECT_THAT(published("a", "uid", ".groups.group-1.clientupdated"), ElementsAre("\"group-1\""));
  EXPECT_THAT(published("d", "notification", ".groups.group-1.clientupdated"), ElementsAre("1"));
  for (const char* member : {"a", "b", "c"}) {
    EXPECT_THAT(received(member), ElementsAre("\"hi\"")) << member;
    EXPECT_THAT(received(member, "status"), ElementsAre("150")) << member;
    ASSERT_THAT(timeline(member, "group-1"), SizeIs(1)) << member;
    EXPECT_EQ(timeline(member, "group-1")[0].message, timeline("group-1", "group-1")[0].message);
  }
  EXPECT_EQ(timeline("group-1", "group-1")[0].row.status, Status::kSent);
  EXPECT_THAT(received("d"), IsEmpty());
}

TEST_F(EngineTest, ALargeGroupIsServedInSlicesAndInOrder) {
  std::string members;
  for (int i = 0; i < 19; ++i) members += "\"m" + std::to_string(i) + "\":1,";
  members.pop_back();
  broker.send("apps.observer.tilechat.groups.update",
              R"({"group":{"uid":"group-1","members":{)" + members + "}}}");
  chat("m3", "group-1", R"({"text":"1"})");
  chat("m3", "m4", R"({"text":"direct"})");
  chat("m3", "group-1", R"({"text":"2","group":{"members":{"m5":1}}})");
  run();
  for (int i = 0; i < 19; ++i) {
    const std::string member = "m" + std::to_string(i);
    const auto texts = received(member);
    if (i == 3) {
      EXPECT_THAT(texts, ElementsAre("\"1\"", "\"direct\"", "\"2\"")) << "the sender's own at once";
    } else if (i == 4) {
      EXPECT_THAT(texts, UnorderedElementsAre("\"1\"", "\"direct\""));
    } else if (i == 5) {
      EXPECT_THAT(texts, ElementsAre("\"1\"", "\"2\""))
          << "a small message waits for the large one before it";
    } else {
      EXPECT_THAT(texts, ElementsAre("\"1\""));
    }
  }
  EXPECT_THAT(store.jobs(), IsEmpty());
}

struct RefusedCase {
  const char* what;
  testing::FakeBroker::Message message;
  Reason reason;
  const char* told;  ///< the key where the sender learns of it, or null
};

TEST_F(EngineTest, NothingIsRefusedInSilence) {
  settings.max_message_bytes = 100;
  const std::string outgoing = "apps.tilechat.outgoing.users.a.messages.b.outgoing";
  const std::string told = "apps.tilechat.users.a.messages.b.";
  const RefusedCase cases[] = {
      {"another exchange",
       {.exchange = "amq.direct", .routing_key = outgoing, .payload = "{}"},
       Reason::kForeignExchange,
       nullptr},
      {"no exchange",
       {.exchange = "", .routing_key = outgoing, .payload = "{}"},
       Reason::kForeignExchange,
       nullptr},
      {"moved here by way of somebody's own queue",
       {.routing_key = outgoing, .payload = "{}", .rerouted = true},
       Reason::kForeignExchange,
       nullptr},
      {"topic",
       {.routing_key = "apps.tilechat.outgoing.users.a.outgoing", .payload = "{}"},
       Reason::kBadTopic,
       nullptr},
      {"size",
       {.routing_key = outgoing, .payload = R"({"text":")" + std::string(100, 'x') + "\"}"},
       Reason::kTooLarge,
       "-.clientupdated"},
      {"JSON", {.routing_key = outgoing, .payload = "hello"}, Reason::kBadJson, "-.clientupdated"},
      {"UTF-8",
       {.routing_key = outgoing, .payload = "{\"text\":\"\xff\"}"},
       Reason::kBadJson,
       "-.clientupdated"},
      {"field",
       {.routing_key = outgoing, .payload = R"({"text":1,"attributes":{"tempUID":"u9"}})"},
       Reason::kBadField,
       "u9.clientupdated"},
      {"back end",
       {.routing_key = "apps.observer.tilechat.users.a.messages.b.delivered", .payload = "{}"},
       Reason::kBadField,
       nullptr},
      {"queue",
       {.routing_key = outgoing, .payload = "{}", .queue = Queue::kPersist},
       Reason::kBadTopic,
       "-.clientupdated"},
      {"receipt",
       {.routing_key = "apps.tilechat.users.a.messages.b.m1.update", .payload = R"({"status":200})"},
       Reason::kNotFound,
       nullptr},
  };
  for (const RefusedCase& c : cases) {
    broker.waiting.push_back(c.message);
    broker.published.clear();
    const auto letters_before = store.dead_letters(100).size();
    run();
    EXPECT_TRUE(broker.waiting.empty()) << "acknowledged: " << c.what;
    EXPECT_EQ(probe.refusals[c.reason], 1) << c.what;
    probe.refusals.clear();
    const auto letters = store.dead_letters(100);
    ASSERT_EQ(letters.size(), letters_before + 1) << c.what;
    EXPECT_EQ(letters[0].reason, code_of(c.reason)) << c.what;
    EXPECT_EQ(letters[0].routing_key, c.message.routing_key) << c.what;
    if (c.told == nullptr) {
      EXPECT_THAT(broker.published, IsEmpty()) << c.what;
    } else {
      ASSERT_THAT(broker.published, SizeIs(2)) << c.what;
      EXPECT_EQ(broker.published[0].first, told + c.told) << c.what;
    }
  }
}

TEST_F(EngineTest, AReplayedDeadLetterGoesWithItsReplay) {
  settings.topics.app = AppId{"other"};
  const std::string key = "apps.tilechat.outgoing.users.a.messages.b.outgoing";
  broker.send(key, R"({"text":"hi"})");
  run();
  const auto letters = store.dead_letters(10);
  ASSERT_THAT(letters, SizeIs(1));
  EXPECT_EQ(letters[0].reason, "wrong_app");

  settings = default_settings();
  broker.waiting.push_back({.routing_key = "apps.tilechat.outgoing.users.x.messages.y.outgoing",
                            .payload = "{}",
                            .replay_of = letters[0].id});
  run();
  EXPECT_THAT(store.dead_letters(10), SizeIs(1)) << "a delivery of another topic is no replay of it";

  broker.waiting.push_back({.routing_key = key, .payload = letters[0].payload, .replay_of = letters[0].id});
  run();
  EXPECT_THAT(store.dead_letters(10), IsEmpty());
  EXPECT_THAT(received("b"), ElementsAre("\"hi\""));
}

TEST_F(EngineTest, TheBackEndStoresAndReplays) {
  const std::string body =
      R"("message_id":"m7","sender":"a","recipient":"group-1","timestamp":5,"text":"old")";
  broker.waiting.push_back({.routing_key = "apps.observer.tilechat.users.group-1.messages.group-1.persist",
                            .payload = "{" + body + "}",
                            .queue = Queue::kPersist});
  run();
  EXPECT_THAT(broker.published, IsEmpty()) << "stored only";
  ASSERT_THAT(timeline("group-1", "group-1"), SizeIs(1));

  const std::string replay =
      "{" + body + R"(,"status":150,"__history":"true","attributes":{"sendnotification":false}})";
  broker.send("apps.observer.tilechat.users.b.messages.group-1.delivered", replay);
  broker.send("apps.observer.tilechat.users.b.messages.group-1.delivered", replay);
  run();
  EXPECT_THAT(received("b", "__history"), ElementsAre("\"true\"", "\"true\""));
  EXPECT_THAT(received("b", "attributes"),
              ElementsAre(R"({"sendnotification":false})", R"({"sendnotification":false})"));
  EXPECT_THAT(timeline("b", "group-1"), SizeIs(1));
}

TEST_F(EngineTest, ConnectsAgainUntilTheBrokerAnswers) {
  broker.refusals = {{BrokerError::Kind::kUnreachable, "no route"},
                     {BrokerError::Kind::kStandby, "another consumes"}};
  chat("a", "b", "{}");
  run();
  EXPECT_THAT(timeline("a", "b"), SizeIs(1));
  EXPECT_THAT(probe.states,
              ::testing::IsSupersetOf({std::pair{LinkState::kDown, std::string("no route")},
                                       std::pair{LinkState::kStandby, std::string("another consumes")},
                                       std::pair{LinkState::kUp, std::string()}}));
}

TEST_F(EngineTest, RedeliveriesAreAwaitedForAsLongAsTheEngineMayNotPublish) {
  chat("a", "b", R"({"text":"hi"})");
  run();
  ASSERT_THAT(timeline("a", "b"), SizeIs(1));

  // What is on the broker now comes as a redelivery, to a new engine that must wait out an alarm first.
  store.commit({.fingerprints = {{.sequence = 99,
                                  .fingerprint = fingerprint_of(kOutgoing, R"({"text":"again"})"),
                                  .app = AppId{"tilechat"},
                                  .message = timeline("a", "b")[0].row.message}}});
  broker.waiting.push_back(
      {.routing_key = kOutgoing, .payload = R"({"text":"again"})", .delivered_before = true});
  broker.blocked = true;
  Engine engine(settings, {broker, store, clock, entropy, log, probe});
  int idle = 0;
  broker.on_idle = [&] {
    clock.advance(std::chrono::seconds(20));
    if (++idle == 5) broker.blocked = false;
    if (idle > 5) stop_when_done(engine);
  };
  engine.run();
  EXPECT_THAT(timeline("a", "b"), SizeIs(1)) << "matched, however long it took";
}

/// The process ends between commit and publish, and the sender's session with it: no broker delivers again.
TEST_F(EngineTest, WhatAnEarlierProcessCommittedIsPublishedToEverybodyWhenItsSenderSendsItAgain) {
  struct Killed {};
  const auto send_both = [this] {
    chat("alice", "bob", R"({"text":"1","attributes":{"tempUID":"u1"}})");
    chat("alice", "group-1",
         R"({"text":"2","attributes":{"tempUID":"u2"},"group":{"members":{"bob":1,"carol":1}}})");
  };
  send_both();
  broker.on_operation = [this] {
    if (!timeline("carol", "group-1").empty()) throw Killed{};
  };
  EXPECT_THROW(run(), Killed);
  broker.on_operation = [] {};
  broker.waiting.clear();
  ASSERT_THAT(received("bob"), IsEmpty());

  clock.advance(std::chrono::seconds(1));
  send_both();
  run();
  EXPECT_THAT(received("bob"), ElementsAre("\"1\"", "\"2\""));
  EXPECT_THAT(received("carol"), ElementsAre("\"2\""));
  EXPECT_THAT(timeline("bob", "alice"), SizeIs(1));
  EXPECT_EQ(received("bob", "message_id")[0], received("alice", "message_id")[0]) << "as it was stored";
}

/// While two are committed a third is decided, too few for a commit beside the engine.
TEST_F(EngineTest, WhatIsStoredIsPublishedBeforeTheFewThatFollowAreCommitted) {
  settings.overlap_from = 2;
  settings.max_batch = 2;
  broker.prefetch = 100;
  for (const char* text : {"1", "2", "3"}) chat("alice", "bob", R"({"text":")" + std::string(text) + R"("})");

  std::promise<void> engine_waits;
  broker.on_wait = [&, waits = false]() mutable {
    if (!std::exchange(waits, true)) engine_waits.set_value();
  };
  bool waited = false;
  std::vector<std::string> out_before_the_third;
  std::function<void()> around_commit = [&, calls = 0]() mutable {
    ++calls;
    if (calls == 1)
      waited = engine_waits.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready;
    if (calls == 3) out_before_the_third = received("bob");
  };
  testing::CrashingStore slow(store, around_commit);
  Engine engine(settings, {broker, slow, clock, entropy, log, probe});
  broker.on_idle = [&] { stop_when_done(engine); };
  engine.run();
  EXPECT_TRUE(waited);
  EXPECT_THAT(out_before_the_third, ElementsAre("\"1\"", "\"2\""));
  EXPECT_THAT(received("bob"), ElementsAre("\"1\"", "\"2\"", "\"3\""));
}

TEST_F(EngineTest, ABatchIsClosedOnceItHoldsSoManyBytes) {
  constexpr std::size_t kMiB = std::size_t{1024} * 1024;
  settings.max_message_bytes = 2 * kMiB;
  settings.overlap_from = 1000;
  broker.prefetch = 100;
  for (int i = 0; i < 7; ++i) chat("alice", "bob", R"({"text":")" + std::string(3 * kMiB / 2, 'x') + R"("})");

  std::vector<std::uint64_t> stored;  // by each commit, and those before it
  std::function<void()> around_commit = [&] {
    const auto row = store.conversation({AppId{"tilechat"}, PartyId{"bob"}, PartyId{"alice"}});
    if (row && (stored.empty() || row->unread > stored.back())) stored.push_back(row->unread);
  };
  testing::CrashingStore counted(store, around_commit);
  Engine engine(settings, {broker, counted, clock, entropy, log, probe});
  broker.on_idle = [&] { stop_when_done(engine); };
  engine.run();
  EXPECT_THAT(stored, ElementsAre(3U, 6U, 7U)) << "4 MiB";
}

TEST_F(EngineTest, AtTheLimitOfJobsMessagesToLargeGroupsAreRefusedAndAllOthersServed) {
  settings.max_jobs = 1;
  const std::string large = R"("group":{"members":{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}}})";
  chat("x", "group-1", R"({"text":"1",)" + large);
  chat("x", "group-2", R"({"text":"2",)" + large);
  chat("x", "y", R"({"text":"3"})");
  run();
  EXPECT_EQ(probe.refusals[Reason::kFanoutFull], 1);
  EXPECT_THAT(received("a"), ElementsAre("\"1\""));
  EXPECT_THAT(received("y"), ElementsAre("\"3\""));
}

TEST_F(EngineTest, WhatIsAcknowledgedIsForgotten) {
  chat("a", "b", "{}");
  run();
  EXPECT_THAT(store.fingerprints(), IsEmpty());
}

}  // namespace
}  // namespace inboxd
