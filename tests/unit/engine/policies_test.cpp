#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crashing_store.hpp"
#include "engine_fixture.hpp"
#include "policy_fixture.hpp"

/// docs/policies.md, through the whole engine.
namespace inboxd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

const AppId kApp{"tilechat"};
const std::string kLarge = R"("group":{"members":{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1}})";

class PoliciesTest : public testing::EngineTest {
 protected:
  using Step = std::function<void()>;

  PoliciesTest() {
    settings.events.endpoints = {"http://hook"};
    settings.events.wanted.fill(true);
  }

  void say(const std::string& from, const std::string& to, const std::string& text) {
    chat(from, to, R"({"text":")" + text + "\"}");
  }
  void say_as(const std::string& uid, const std::string& from, const std::string& to,
              const std::string& text) {
    chat(from, to, R"({"text":")" + text + R"(","attributes":{"tempUID":")" + uid + "\"}}");
  }
  void block(const std::string& owner, const std::string& user, bool blocked = true) {
    broker.send("apps.tilechat.users." + owner + ".blocks." + user + ".update",
                blocked ? R"({"blocked":true})" : R"({"blocked":false})");
  }
  void ban(const std::string& user, const std::string& payload) {
    broker.send("apps.observer.tilechat.bans." + user + ".update", payload);
  }
  void store_group(const std::string& id, const std::string& members) {
    broker.send("apps.observer.tilechat.groups.update",
                R"({"group":{"uid":")" + id + R"(","members":{)" + members + "}}}");
  }
  void backend(const std::string& inbox, const std::string& peer, const std::string& operation,
               const std::string& payload) {
    broker.waiting.push_back(
        {.routing_key = "apps.observer.tilechat.users." + inbox + ".messages." + peer + "." + operation,
         .payload = payload,
         .queue = operation == "persist" ? Queue::kPersist : Queue::kMessages});
  }

  /// One engine: takes a step whenever it has nothing left to do.
  void run_steps(const std::vector<Step>& steps) {
    Engine engine(settings, ports());
    run_steps(engine, steps);
  }
  void run_steps(Engine& engine, const std::vector<Step>& steps) {
    std::size_t next = 0;
    broker.on_idle = [&, this] {
      if (next < steps.size() && store.jobs().empty()) return steps[next++]();
      stop_when_done(engine);
    };
    engine.run();
  }

  std::vector<std::string> texts(const std::string& owner, const std::string& peer) const {
    std::vector<std::string> found;
    for (const TimelineEntry& entry : timeline(owner, peer)) {
      found.push_back(
          json::string_value(*json::parse_object(entry.message.json)->find("text")).value_or("?"));
    }
    return found;
  }
  /// "type whom text" of each event.
  std::vector<std::string> events() const {
    std::vector<std::string> names;
    for (const OutboxRow& row : store.outbox("http://hook", 0, 1'000)) {
      const auto body = json::parse_object(row.body);
      const auto data = json::parse_object(body->find("data").value_or("{}"));
      const auto text = [](const auto& object, std::string_view field) {
        return object ? json::string_value(object->find(field).value_or("")).value_or("") : std::string();
      };
      const std::string whom =
          text(body, "delivered_to").empty() ? text(body, "user_id") : text(body, "delivered_to");
      names.push_back(text(body, "event_type") + " " + whom + " " + text(data, "text"));
    }
    return names;
  }
  /// The codes of the refusals that a sender was told of.
  std::vector<std::string> told(const std::string& user) const {
    std::vector<std::string> codes;
    for (const std::string& error : published(user, "error", ".clientupdated")) {
      const auto object = json::parse_object(error);
      if (object) codes.push_back(json::string_value(object->find("code").value_or("")).value_or("?"));
    }
    return codes;
  }
  /// How much went to an inbox, in either layout, whatever it was.
  std::size_t published_to(const std::string& user) const {
    return static_cast<std::size_t>(
        std::count_if(broker.published.begin(), broker.published.end(), [&](const auto& publication) {
          const std::string& key = publication.first;
          return key.starts_with("apps.tilechat.users." + user + ".") ||
                 key.starts_with(".apps.tilechat.users." + user + ".");
        }));
  }
  std::string id_in(const std::string& owner, const std::string& peer) const {
    return timeline(owner, peer).back().row.message.str();
  }
};

// --- blocking

TEST_F(PoliciesTest, ABlockHoldsForTheVeryNextMessageOfTheBatch) {
  for (const std::string& prefix :
       {std::string("apps.tilechat.users.bob"), std::string(".apps.tilechat.users.bob")}) {
    broker.published.clear();
    const auto rows = timeline("bob", "alice").size();
    const auto own_rows = timeline("alice", "bob").size();
    say("alice", "bob", "before");
    broker.send(prefix + ".blocks.alice.update", R"({"blocked":true})");
    broker.send(".apps.tilechat.users.alice.bob.messages.outgoing", R"({"text":"blocked"})");
    say("bob", "alice", "from the blocker");
    broker.send(prefix + ".blocks.alice.update", R"({"blocked":false})");
    say("alice", "bob", "after");
    run();
    EXPECT_THAT(received("bob"), ElementsAre(R"("before")", R"("from the blocker")", R"("after")")) << prefix;
    EXPECT_THAT(received("alice", "status"), ElementsAre("100", "100", "150", "100"))
        << "his own copies are SENT as always";
    EXPECT_THAT(timeline("bob", "alice"), SizeIs(rows + 3));
    EXPECT_THAT(timeline("alice", "bob"), SizeIs(own_rows + 4));
    EXPECT_THAT(told("alice"), IsEmpty());
  }
  EXPECT_THAT(events(), ::testing::Not(::testing::Contains("message-delivered bob blocked")));
  EXPECT_THAT(events(), ::testing::Contains("message-sent alice blocked"));
  EXPECT_EQ(probe.withheld_copies, 2U);
}

TEST_F(PoliciesTest, TheBlockersDevicesAreToldInEveryLayout) {
  block("bob", "alice");
  block("bob", "alice", false);
  run();
  std::vector<std::string> keys;
  for (const auto& [key, payload] : broker.published) keys.push_back(key);
  const std::string chat21 = "apps.tilechat.users.bob.blocks.alice.clientupdated";
  EXPECT_THAT(keys, ElementsAre(chat21, "." + chat21, chat21, "." + chat21));
  EXPECT_THAT(published("bob", "blocked", ".clientupdated"), ElementsAre("true", "false"));
  EXPECT_EQ(published_to("alice"), 0U) << "the blocked one is not";
}

TEST_F(PoliciesTest, WhoCannotBeBlockedIsSaidToTheBlocker) {
  for (const char* user : {"bob", "system", "group-1"}) block("bob", user);
  broker.send("apps.tilechat.users.bob.blocks.alice.update", R"({"blocked":"yes"})");
  run();
  EXPECT_THAT(told("bob"), ElementsAre("not_allowed", "not_allowed", "not_allowed", "bad_field"));
  EXPECT_THAT(store.blocks(kApp, PartyId{"bob"}, {}, 10), IsEmpty());
  EXPECT_THAT(store.dead_letters(10), SizeIs(4));
}

TEST_F(PoliciesTest, AUserMayBlockSoMany) {
  settings.policy.max_blocks = 2;
  block("bob", "u1");
  block("bob", "u2");
  block("bob", "u2");
  block("bob", "u3");
  run();
  EXPECT_THAT(told("bob"), ElementsAre("too_many_blocks")) << "the same once more is no other";
  // What the same batch ends counts no longer, whichever batch began it.
  block("bob", "u1", false);
  block("bob", "u4");
  block("bob", "u4", false);
  block("bob", "u5");
  block("bob", "u1", false);
  block("bob", "u6");
  block("carol", "u6");
  run();
  EXPECT_THAT(told("bob"), ElementsAre("too_many_blocks", "too_many_blocks"));
  std::vector<std::string> users;
  for (const BlockRow& row : store.blocks(kApp, PartyId{"bob"}, {}, 10)) users.push_back(row.user.str());
  EXPECT_THAT(users, ElementsAre("u2", "u5"));
}

// AMQP carries keys of 255 bytes, and `clientupdated` is longer than `update`.
TEST_F(PoliciesTest, IdsThatMakeTheAnswersTopicTooLongAreRefusedAndNotPublished) {
  const std::string owner(110, 'o');
  const std::string user(108, 'u');
  block(owner, user);
  block(owner, user, false);
  say("alice", "bob", "hi");
  run();
  EXPECT_EQ(probe.refusals[Reason::kKeyTooLong], 1);
  EXPECT_THAT(store.blocks(kApp, PartyId{owner}, {}, 10), IsEmpty());
  EXPECT_THAT(received("bob"), SizeIs(1)) << "the engine goes on";
}

TEST_F(PoliciesTest, TheBlockedOneMayBeTold) {
  settings.policy.block_notice = BlockNotice::kTold;
  store_group("group-1", R"("alice":1,"bob":1)");
  block("bob", "alice");
  say("alice", "bob", "direct");
  say("alice", "group-1", "in a group");
  run();
  EXPECT_THAT(told("alice"), ElementsAre("blocked"));
  EXPECT_THAT(timeline("alice", "bob"), IsEmpty());
  ASSERT_THAT(store.dead_letters(10), SizeIs(1));
  EXPECT_EQ(store.dead_letters(10)[0].reason, "blocked");
  EXPECT_THAT(received("alice"), ElementsAre(R"("in a group")"));
  EXPECT_THAT(received("bob"), IsEmpty());
}

TEST_F(PoliciesTest, AGroupsMemberWhoBlocksTheWriterGetsNoCopy) {
  store_group("group-1", R"("alice":1,"bob":1,"carol":1)");
  block("bob", "alice");
  say("alice", "group-1", "hi");
  say("bob", "group-1", "hello");
  run();
  EXPECT_THAT(received("bob"), ElementsAre(R"("hello")"));
  EXPECT_THAT(texts("bob", "group-1"), ElementsAre("hello"));
  EXPECT_THAT(received("alice"), ElementsAre(R"("hi")", R"("hello")")) << "the block has one direction";
  EXPECT_THAT(texts("group-1", "group-1"), ElementsAre("hi", "hello"));
  EXPECT_THAT(events(), ::testing::Not(::testing::Contains("message-delivered bob hi")));
}

TEST_F(PoliciesTest, AFanOutJobWithholdsAlsoWhatWasBlockedAfterTheMessage) {
  block("b", "a");
  chat("a", "group-1", R"({"text":"large",)" + kLarge + "}");
  block("c", "a");
  block("g", "a");
  block("b", "a", false);
  run();
  for (const char* member : {"b", "c", "g"}) {
    EXPECT_THAT(timeline(member, "group-1"), IsEmpty()) << member;
    EXPECT_THAT(received(member), IsEmpty()) << member;
    EXPECT_THAT(events(),
                ::testing::Not(::testing::Contains(std::string("message-delivered ") + member + " large")));
  }
  for (const char* member : {"a", "d", "e", "f"}) EXPECT_THAT(received(member), SizeIs(1)) << member;
  EXPECT_THAT(store.jobs(), IsEmpty());
  EXPECT_EQ(probe.withheld_copies, 3U);
}

TEST_F(PoliciesTest, AJobWhoseMembersAllBlockTheWriterIsNone) {
  for (const char* member : {"b", "c", "d", "e", "f", "g"}) block(member, "a");
  chat("a", "group-1", R"({"text":"large",)" + kLarge + "}");
  run();
  EXPECT_THAT(store.jobs(), IsEmpty());
  EXPECT_THAT(received("a"), SizeIs(1));
  EXPECT_EQ(probe.withheld_copies, 6U);
}

TEST_F(PoliciesTest, ADeliveryThatComesAgainPassesByWhoBlockedItsSenderSince) {
  say_as("u1", "alice", "bob", "hi");
  block("bob", "alice");
  run();
  broker.published.clear();
  broker.waiting.push_back({.routing_key = "apps.tilechat.outgoing.users.alice.messages.bob.outgoing",
                            .payload = R"({"text":"hi","attributes":{"tempUID":"u1"}})",
                            .delivered_before = true});
  run();
  EXPECT_THAT(received("alice"), SizeIs(1));
  EXPECT_EQ(published_to("bob"), 0U);
  EXPECT_THAT(timeline("bob", "alice"), SizeIs(1)) << "what was delivered before stays";
}

TEST_F(PoliciesTest, BlocksAndBansOfAnotherInstanceHoldWithinASecond) {
  const auto elsewhere = [this](const Commit& commit) {
    store.commit(commit);
    clock.advance(seconds(1));
  };
  const BlockRow bobs{kApp, PartyId{"bob"}, PartyId{"alice"}, 1};
  const BanRow alices{kApp, PartyId{"alice"}, "", 1, {}};
  run_steps({[&] { say("alice", "bob", "1"); },
             [&] {
               elsewhere({.blocks = {bobs}});
               say("alice", "bob", "2");
             },
             [&] {
               elsewhere({.removed_blocks = {bobs}});
               say("alice", "bob", "3");
             },
             [&] {
               elsewhere({.bans = {alices}});
               say("alice", "bob", "4");
             },
             [&] {
               elsewhere({.removed_bans = {alices}});
               say("alice", "bob", "5");
             }});
  EXPECT_THAT(texts("bob", "alice"), ElementsAre("1", "3", "5"));
  EXPECT_THAT(texts("alice", "bob"), ElementsAre("1", "2", "3", "5"));
}

TEST_F(PoliciesTest, ABlockIsNotLostOnWhatAnotherInstanceDidAMomentAgo) {
  const BlockRow bobs{kApp, PartyId{"bob"}, PartyId{"alice"}, 1};
  run_steps({[&] { block("bob", "alice"); }, [&] { say("alice", "bob", "1"); },
             [&] {
               store.commit({.removed_blocks = {bobs}});  // this instance still believes in it
               block("bob", "alice");
             },
             [&] {
               clock.advance(seconds(1));
               say("alice", "bob", "2");
             }});
  EXPECT_TRUE(store.block(kApp, PartyId{"bob"}, PartyId{"alice"}));
  EXPECT_THAT(received("bob"), IsEmpty());
}

TEST_F(PoliciesTest, WhoIsBlockedByVeryManyIsAskedForOneByOne) {
  Commit commit;
  for (int i = 0; i < 10'001; ++i) {
    commit.blocks.push_back({kApp, PartyId{"u" + std::to_string(i)}, PartyId{"alice"}, 1});
  }
  store.commit(commit);
  say("alice", "u10000", "1");
  say("alice", "u10001", "2");
  run();
  EXPECT_THAT(received("u10000"), IsEmpty());
  EXPECT_THAT(received("u10001"), SizeIs(1));
}

TEST_F(PoliciesTest, WhatBackEndsPutIntoInboxesIsSubjectToBlocks) {
  say("alice", "carol", "known");
  run();
  const std::string known = id_in("alice", "carol");
  block("bob", "alice");
  ban("mallory", R"({"banned":true})");
  run();
  broker.published.clear();
  const auto before = events().size();
  const auto body = [](const std::string& id, const char* sender) {
    return R"({"message_id":")" + id + R"(","sender":")" + sender +
           R"(","recipient":"group-1","timestamp":5,"status":150,"text":"history"})";
  };
  for (const char* operation : {"delivered", "persist"}) {
    backend("bob", "group-1", operation, body("m1", "alice"));
    backend("bob", "group-1", operation, body(known, "alice"));
    backend("bob", "group-1", operation, body(known, "zoe"));
    backend("bob", "group-1", operation, body("m2", "mallory"));
  }
  run();
  EXPECT_THAT(timeline("bob", "group-1"), IsEmpty());
  EXPECT_EQ(published_to("bob"), 0U);
  EXPECT_THAT(events(), SizeIs(before));
  EXPECT_EQ(probe.refusals[Reason::kBlocked], 6) << "also where the payload names another sender";
  EXPECT_EQ(probe.refusals[Reason::kBanned], 2);
  EXPECT_FALSE(store.message(kApp, MessageId{"m1"}));
}

TEST_F(PoliciesTest, ReceiptsGoThroughABlockInNeitherDirection) {
  for (const auto& [owner, user] : {std::pair{"bob", "alice"}, std::pair{"alice", "bob"}}) {
    say("alice", "bob", "hi");
    run();
    const std::string id = id_in("bob", "alice");
    block(owner, user);
    run();
    broker.published.clear();
    broker.send("apps.tilechat.users.bob.messages.alice." + id + ".update", R"({"status":300})");
    run();
    EXPECT_EQ(timeline("bob", "alice").back().row.status, Status::kSeen);
    EXPECT_EQ(timeline("alice", "bob").back().row.status, Status::kSent);
    EXPECT_THAT(broker.published, IsEmpty()) << owner;
    block(owner, user, false);
    run();
  }
  EXPECT_THAT(events(), ::testing::Not(::testing::Contains(::testing::StartsWith("message-return-receipt"))));
}

TEST_F(PoliciesTest, AGroupsReceiptsThroughABlockAreNotCounted) {
  store_group("group-1", R"("alice":1,"bob":1,"carol":1)");
  say("alice", "group-1", "hi");
  run();
  const std::string id = id_in("alice", "group-1");
  block("bob", "alice");
  broker.send("apps.tilechat.users.bob.messages.group-1." + id + ".update", R"({"status":300})");
  broker.send("apps.tilechat.users.carol.messages.group-1." + id + ".update", R"({"status":200})");
  run();
  const TimelineRow row = timeline("alice", "group-1").back().row;
  EXPECT_EQ(row.received, 1U);
  EXPECT_EQ(row.seen, 0U);
  EXPECT_EQ(row.status, Status::kReturnReceipt);
  EXPECT_EQ(timeline("group-1", "group-1").back().row.received, 1U);
  EXPECT_THAT(published("alice", "by", ".clientupdated"), ElementsAre(R"("carol")"));
}

TEST_F(PoliciesTest, PresenceIsPublishedToNobody) {
  settings.presence = true;
  broker.send("apps.tilechat.users.alice.presence.c1", R"({"connected":true})");
  run();
  EXPECT_THAT(broker.published, IsEmpty());
  EXPECT_THAT(events(), ElementsAre("presence-change alice "));
}

// --- bans

TEST_F(PoliciesTest, ABanHoldsForTheVeryNextMessageUntilItIsOver) {
  const std::string until = std::to_string(clock.now() + 10'000);
  run_steps({[&] {
               say("alice", "bob", "1");
               ban("alice", R"({"banned":true,"reason":"spam","until":)" + until + "}");
               say("alice", "bob", "2");
               say("bob", "alice", "3");
             },
             [&] {
               clock.advance(milliseconds(9'999));
               say("alice", "bob", "4");
             },
             [&] {
               clock.advance(milliseconds(1));
               say("alice", "bob", "5");
               ban("alice", R"({"banned":true})");
               say("alice", "bob", "6");
               ban("alice", R"({"banned":false})");
               say("alice", "bob", "7");
             }});
  EXPECT_THAT(texts("bob", "alice"), ElementsAre("1", "3", "5", "7"));
  EXPECT_THAT(told("alice"), ElementsAre("banned", "banned", "banned"));
  const std::string first = published("alice", "error", ".clientupdated")[0];
  const auto error = json::parse_object(first);
  EXPECT_EQ(error->find("message"), R"("you may not send anything: spam")");
}

TEST_F(PoliciesTest, WhoIsBannedStillReadsAndSaysSo) {
  ban("bob", R"({"banned":true})");
  say("alice", "bob", "hi");
  block("bob", "carol");
  run();
  broker.send("apps.tilechat.users.bob.messages.alice." + id_in("bob", "alice") + ".update",
              R"({"status":300})");
  run();
  EXPECT_EQ(timeline("alice", "bob").back().row.status, Status::kSeen);
  EXPECT_TRUE(store.block(kApp, PartyId{"bob"}, PartyId{"carol"}));
}

TEST_F(PoliciesTest, TheSystemCannotBeBanned) {
  ban("system", R"({"banned":true})");
  say("system", "bob", "hi");
  run();
  EXPECT_THAT(received("bob"), SizeIs(1));
  EXPECT_EQ(probe.refusals[Reason::kNotAllowed], 1);
}

// --- limits

TEST_F(PoliciesTest, WhoIsOverALimitIsToldWhenToTryAgain) {
  settings.limits.user = {.capacity = 2, .per_minute = 20};
  run_steps({[&] {
               for (const char* text : {"1", "2", "3"}) say("alice", "bob", text);
               say("carol", "bob", "carol's");
             },
             [&] {
               clock.advance(seconds(3));
               say("alice", "bob", "4");
               say("alice", "bob", "5");
             }});
  EXPECT_THAT(texts("bob", "alice"), ElementsAre("1", "2", "4"));
  EXPECT_THAT(told("alice"), ElementsAre("rate_limited", "rate_limited"));
  const std::string first = published("alice", "error", ".clientupdated")[0];
  const auto error = json::parse_object(first);
  EXPECT_EQ(error->find("retry_after"), "3");
  EXPECT_THAT(received("bob"), SizeIs(4));
}

TEST_F(PoliciesTest, AMessageOverOneLimitTakesFromNone) {
  settings.limits.app = {.capacity = 4, .per_minute = 0};
  settings.limits.user = {.capacity = 3, .per_minute = 0};
  settings.limits.pair = {.capacity = 1, .per_minute = 0};
  for (const char* to : {"bob", "bob", "bob", "carol", "dave", "erin"}) say("alice", to, "hi");
  say("zoe", "bob", "the fourth");
  say("yves", "bob", "the fifth");
  run();
  for (const char* to : {"bob", "carol", "dave"}) EXPECT_THAT(timeline(to, "alice"), SizeIs(1)) << to;
  EXPECT_THAT(timeline("erin", "alice"), IsEmpty());
  EXPECT_THAT(timeline("bob", "zoe"), SizeIs(1));
  EXPECT_THAT(timeline("bob", "yves"), IsEmpty());
}

TEST_F(PoliciesTest, AResendIsChargedToNobody) {
  settings.limits.user = {.capacity = 2, .per_minute = 0};
  for (int i = 0; i < 5; ++i) say_as("u1", "alice", "bob", "1");
  say_as("u2", "alice", "bob", "2");
  say_as("u1", "alice", "bob", "1");
  say_as("u3", "alice", "bob", "3");
  run();
  EXPECT_THAT(texts("bob", "alice"), ElementsAre("1", "2"));
  EXPECT_THAT(received("alice"), SizeIs(7)) << "answered also when nothing is left";
  EXPECT_THAT(told("alice"), ElementsAre("rate_limited"));
}

/// Of limits and bans the moment decides: a letter of each would be as much work as the message.
TEST_F(PoliciesTest, WhatLimitsAndBansStopIsNotKept) {
  settings.limits.user = {.capacity = 1, .per_minute = 0};
  ban("mallory", R"({"banned":true})");
  say("mallory", "bob", "banned");
  say("alice", "bob", "1");
  say("alice", "bob", "2");
  run();
  EXPECT_THAT(told("alice"), ElementsAre("rate_limited"));
  EXPECT_THAT(told("mallory"), ElementsAre("banned"));
  EXPECT_THAT(store.dead_letters(10), IsEmpty());
  EXPECT_EQ(probe.outcomes[Outcome::kRefused], 2);
}

// What became of the first stands, whatever was decided since.
TEST_F(PoliciesTest, AResendIsAnsweredAlsoByWhoIsBannedOrBlockedSince) {
  settings.policy.block_notice = BlockNotice::kTold;
  say_as("u1", "alice", "bob", "1");
  ban("alice", R"({"banned":true})");
  block("bob", "alice");
  say_as("u1", "alice", "bob", "1");
  run();
  EXPECT_THAT(told("alice"), IsEmpty());
  EXPECT_THAT(received("alice"), SizeIs(2));
  EXPECT_THAT(received("bob"), SizeIs(1));
}

TEST_F(PoliciesTest, TheSystemIsLimitedUnlessItIsExempt) {
  settings.limits.user = {.capacity = 1, .per_minute = 0};
  say("system", "bob", "1");
  say("system", "bob", "2");
  run();
  EXPECT_THAT(received("bob"), SizeIs(1));
  settings.limits.exempt = {PartyId{"system"}};
  for (const char* text : {"3", "4", "5"}) say("system", "bob", text);
  run();
  EXPECT_THAT(received("bob"), SizeIs(4));
}

TEST_F(PoliciesTest, AnAdministratorIsLimitedOnlyWhereHeIsToBe) {
  settings.limits.user = {.capacity = 1, .per_minute = 0};
  for (const bool exempt : {true, false}) {
    settings.limits.admins_exempt = exempt;
    std::vector<Publication> parts;
    for (int i = 0; i < 3; ++i) {
      parts.push_back({.routing_key = "apps.tilechat.outgoing.users.alice.messages.bob.outgoing",
                       .payload = std::make_shared<const std::string>("{}"),
                       .from_admin = true});
    }
    std::optional<Verdict> verdict;
    Engine engine(settings, ports());
    run_steps(engine, {[&] {
                engine.submitter().submit(parts, Submitter::Await::kCommit, seconds(10),
                                          [&](const Verdict& said) { verdict = said; });
              }});
    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->refusal.has_value(), !exempt);
    if (verdict->refusal) {
      EXPECT_EQ(verdict->refusal->reason, Reason::kRateLimited);
      EXPECT_EQ(verdict->refusal->retry_after, 24 * 60 * 60) << "it never refills";
    }
  }
  EXPECT_THAT(timeline("alice", "bob"), SizeIs(3 + 1));
}

// --- the hook

HookVerdict allowed() { return {.kind = HookVerdict::Kind::kAllow}; }
HookVerdict rejected() { return {.kind = HookVerdict::Kind::kReject, .code = "spam", .message = "no"}; }

class PolicyHookTest : public PoliciesTest {
 protected:
  PolicyHookTest() {
    hook = &held;
    broker.holds_up = [this] { return !held.open.empty(); };
  }

  /// Answers what is asked when nothing else is left to do, the last question first.
  void run_answering(const std::function<HookVerdict(const std::string& text)>& verdict) {
    Engine engine(settings, ports());
    broker.on_idle = [&, this] {
      if (held.open.empty()) return stop_when_done(engine);
      held.answer(held.open.size() - 1, verdict(held.open.back().text()));
    };
    engine.run();
  }

  testing::HeldHook held;
};

TEST_F(PolicyHookTest, LateAnswersChangeNeitherTheOrderOfDecisionsNorThatOfAcknowledgements) {
  broker.prefetch = 100;
  for (const char* text : {"1", "2", "3", "4", "5"}) say("alice", "bob", text);
  run_steps({[&] {
               EXPECT_THAT(held.asked, ElementsAre("1", "2", "3", "4", "5")) << "ahead of their turn";
               for (const std::size_t i : {4U, 2U, 1U}) held.answer(i, allowed());
             },
             [&] {
               EXPECT_THAT(broker.published, IsEmpty()) << "the first has no answer";
               EXPECT_THAT(broker.acknowledged, IsEmpty());
               held.answer(0, allowed());
             },
             [&] {
               EXPECT_THAT(received("bob"), ElementsAre(R"("1")", R"("2")", R"("3")"));
               EXPECT_THAT(broker.acknowledged, ElementsAre(3U));
               held.answer(0, rejected());
             }});
  EXPECT_THAT(texts("bob", "alice"), ElementsAre("1", "2", "3", "5"));
  EXPECT_THAT(told("alice"), ElementsAre("spam"));
  EXPECT_THAT(broker.acknowledged, ElementsAre(3U, 5U));
  EXPECT_TRUE(broker.waiting.empty());
}

TEST_F(PolicyHookTest, AsksAboutSoManyAtATime) {
  settings.hook_window = 3;
  broker.prefetch = 100;
  for (int i = 0; i < 20; ++i) say("alice", "bob", std::to_string(i));
  run_answering([](const std::string&) { return allowed(); });
  EXPECT_EQ(held.most_open, 3U);
  EXPECT_THAT(held.asked, SizeIs(20));
  const auto all = texts("bob", "alice");
  ASSERT_THAT(all, SizeIs(20));
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], std::to_string(i));
}

TEST_F(PolicyHookTest, WithoutItsVerdictMessagesPassOrAreRefused) {
  for (const bool open : {true, false}) {
    settings.policy.hook_fail_open = open;
    say("alice", "bob", "hi");
    run_answering([](const std::string&) { return HookVerdict{}; });
    EXPECT_THAT(timeline("alice", "bob"), SizeIs(1)) << "the first one alone";
  }
  EXPECT_THAT(told("alice"), ElementsAre("hook_unavailable"));
}

TEST_F(PolicyHookTest, FiltersJudgeWhatItMadeOfTheMessage) {
  testing::SwappedFilters swapped;
  swapped.use({{"bad", FilterAction::kReject}, {"rude", FilterAction::kMask}});
  filters = &swapped;
  for (const char* text : {"1", "2", "bad"}) say("alice", "bob", text);
  run_answering([](const std::string& text) {
    HookVerdict verdict = allowed();
    if (text == "1") verdict.text = R"("so rude")";
    if (text == "2") verdict.text = R"("bad")";
    if (text == "bad") verdict.text = R"("good")";
    return verdict;
  });
  EXPECT_THAT(texts("bob", "alice"), ElementsAre("so ****", "good"));
}

TEST_F(PolicyHookTest, IsNotAskedAboutWhatIsNotItsBusiness) {
  settings.policy.group_send = GroupSend::kMembers;
  settings.policy.block_notice = BlockNotice::kTold;
  settings.policy.max_group_members = 2;
  settings.limits.pair = {.capacity = 1, .per_minute = 1};
  say_as("u1", "alice", "bob", "first");
  ban("mallory", R"({"banned":true})");
  block("bob", "carol");
  run_answering([](const std::string&) { return allowed(); });
  ASSERT_THAT(held.asked, ElementsAre("first"));

  say_as("u1", "alice", "bob", "resent");
  say("mallory", "bob", "banned");
  say("carol", "bob", "blocked");
  say("alice", "group-1", "no member");
  chat("alice", "group-1", R"({"text":"too large",)" + kLarge + "}");
  say("system", "bob", "system");
  chat("alice", "bob", R"({"text":7})");
  backend("bob", "alice", "delivered",
          R"({"message_id":"m1","sender":"alice","recipient":"bob","timestamp":5,"status":150})");
  block("bob", "dave");
  broker.waiting.push_back({.exchange = "elsewhere",
                            .routing_key = "apps.tilechat.outgoing.users.alice.messages.bob.outgoing",
                            .payload = R"({"text":"foreign"})"});
  run_answering([](const std::string&) { return rejected(); });
  EXPECT_THAT(held.asked, ElementsAre("first"));
  EXPECT_TRUE(broker.waiting.empty());
}

TEST_F(PolicyHookTest, IsNotAskedAboutWhoIsOverALimitForLonger) {
  settings.limits.user = {.capacity = 1, .per_minute = 1};
  run_steps({[&] { say("alice", "bob", "1"); }, [&] { held.answer(0, allowed()); },
             [&] { say("alice", "bob", "2"); }});
  EXPECT_THAT(held.asked, ElementsAre("1"));
  EXPECT_THAT(told("alice"), ElementsAre("rate_limited"));
}

// What could not be sent when it was looked at, and can when its turn comes, is asked about then.
TEST_F(PolicyHookTest, NothingPassesUnaskedBecauseItsSenderCouldNotSendAMomentAgo) {
  settings.policy.group_send = GroupSend::kMembers;
  settings.policy.block_notice = BlockNotice::kTold;
  settings.hook_window = 2;
  broker.prefetch = 100;
  ban("mallory", R"({"banned":true})");
  block("bob", "carol");
  run();
  ban("mallory", R"({"banned":false})");
  say("mallory", "bob", "not banned any more");
  block("bob", "carol", false);
  say("carol", "bob", "not blocked any more");
  store_group("group-1", R"("alice":1,"bob":1)");
  say("alice", "group-1", "a member by now");
  say("alice", "bob", "as ever");
  const auto spam_is_rejected = [](const std::string& text) {
    return text == "as ever" ? allowed() : rejected();
  };
  run_answering(spam_is_rejected);
  EXPECT_THAT(held.asked, UnorderedElementsAre("not banned any more", "not blocked any more",
                                               "a member by now", "as ever"));
  EXPECT_LE(held.most_open, 2U);
  EXPECT_THAT(received("bob"), ElementsAre(R"("as ever")"));
  EXPECT_EQ(probe.refusals[Reason::kHookRejected], 3);
  EXPECT_TRUE(broker.waiting.empty());
}

/// What it must be asked because of is decided and not in the store yet: the engine waits for that, and does
/// not go round and round.
TEST_F(PolicyHookTest, IsAskedOnceWhatAllowsTheMessageIsInTheStore) {
  settings.overlap_from = 1;
  settings.max_batch = 2;
  broker.prefetch = 100;
  ban("mallory", R"({"banned":true})");
  run();
  say("alice", "bob", "1");
  say("alice", "bob", "2");
  ban("mallory", R"({"banned":false})");
  say("mallory", "bob", "not banned any more");

  std::promise<void> engine_waits;
  broker.on_wait = [&, waits = false]() mutable {
    if (!std::exchange(waits, true)) engine_waits.set_value();
  };
  bool waited = true;
  std::function<void()> on_commit = [&, first = true]() mutable {
    if (!std::exchange(first, false)) return;
    waited = engine_waits.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready;
  };
  testing::CrashingStore slow(store, on_commit);
  Engine engine(settings, {broker, slow, clock, entropy, log, probe, nullptr, filters, hook});
  broker.on_idle = [&, this] {
    if (held.open.empty()) return stop_when_done(engine);
    while (!held.open.empty()) held.answer(0, allowed());
  };
  engine.run();
  EXPECT_TRUE(waited);
  EXPECT_THAT(held.asked, ElementsAre("1", "2", "not banned any more"));
  EXPECT_THAT(received("bob"), ElementsAre(R"("1")", R"("2")", R"("not banned any more")"));
}

/// One that was refused is no answer, by which a resend would pass the hook by.
TEST_F(PolicyHookTest, IsAskedAgainAboutAResendOfWhatItRejected) {
  for (int i = 0; i < 2; ++i) {
    say_as("u1", "alice", "bob", "1");
    run_answering([](const std::string&) { return rejected(); });
  }
  EXPECT_THAT(held.asked, ElementsAre("1", "1"));
  EXPECT_THAT(timeline("bob", "alice"), IsEmpty());
}

TEST_F(PolicyHookTest, ALostSessionsQuestionsAreAskedAgain) {
  say("alice", "bob", "1");
  bool lost = false;
  Engine engine(settings, ports());
  broker.on_idle = [&, this] {
    if (!std::exchange(lost, true)) throw StoreError(StoreError::Kind::kIo, "gone");
    while (!held.open.empty()) held.answer(0, allowed());
    if (broker.waiting.empty() && !received("bob").empty()) stop_when_done(engine);
  };
  engine.run();
  EXPECT_THAT(held.asked, ElementsAre("1", "1"));
  EXPECT_THAT(texts("bob", "alice"), ElementsAre("1"));
}

// --- filters

class FiltersTest : public PoliciesTest {
 protected:
  FiltersTest() { filters = &swapped; }
  testing::SwappedFilters swapped;
};

TEST_F(FiltersTest, AreSwappedBetweenBatches) {
  run_steps({[&] { say("alice", "bob", "bad 1"); },
             [&] {
               swapped.use({{"bad", FilterAction::kReject}});
               say("alice", "bob", "bad 2");
             },
             [&] {
               swapped.use({{"bad", FilterAction::kMask}});
               say("alice", "bob", "bad 3");
             },
             [&] {
               swapped.use({});
               say("alice", "bob", "bad 4");
             }});
  EXPECT_THAT(texts("bob", "alice"), ElementsAre("bad 1", "*** 3", "bad 4"));
  EXPECT_THAT(texts("alice", "bob"), ElementsAre("bad 1", "*** 3", "bad 4")) << "he sees it masked too";
  EXPECT_THAT(told("alice"), ElementsAre("filtered"));
  EXPECT_EQ(probe.matches["bad"], 2);
  EXPECT_THAT(store.dead_letters(10), SizeIs(1));
}

TEST_F(FiltersTest, WhatIsShadowedItsSenderAloneSees) {
  swapped.use({{"bad", FilterAction::kShadow}});
  store_group("group-1", R"("alice":1,"bob":1)");
  say("alice", "bob", "bad");
  say("alice", "group-1", "bad");
  chat("a", "group-2", R"({"text":"bad",)" + kLarge + "}");
  run();
  EXPECT_THAT(received("alice", "status"), ElementsAre("100", "150"));
  EXPECT_THAT(texts("alice", "bob"), ElementsAre("bad"));
  for (const char* other : {"bob", "group-1", "group-2", "b"}) {
    EXPECT_EQ(published_to(other), 0U) << other;
    EXPECT_THAT(timeline(other, "alice"), IsEmpty()) << other;
    EXPECT_THAT(timeline(other, "group-1"), IsEmpty()) << other;
    EXPECT_THAT(timeline(other, "group-2"), IsEmpty()) << other;
  }
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_THAT(store.jobs(), IsEmpty());
}

TEST_F(FiltersTest, OfWhatIsShadowedNoBackEndIsToldByWayOfTheConversation) {
  swapped.use({{"bad", FilterAction::kShadow}});
  say("alice", "bob", "good");
  broker.send("apps.tilechat.users.alice.conversations.bob.archive", "{}");
  run();
  const auto before = events().size();
  say("alice", "bob", "bad");
  broker.send("apps.tilechat.users.alice.conversations.bob.archive", "{}");
  run();
  EXPECT_THAT(events(), SizeIs(before));
  EXPECT_TRUE(store.conversation({kApp, PartyId{"alice"}, PartyId{"bob"}})->archived) << "he has archived it";
}

TEST_F(FiltersTest, WhatIsShadowedStaysSoWhateverBackEndsDoWithIt) {
  swapped.use({{"bad", FilterAction::kShadow}});
  const auto body = [](const std::string& id) {
    return R"({"message_id":")" + id +
           R"(","sender":"alice","recipient":"bob","timestamp":5,"status":150,"text":"bad"})";
  };
  say("alice", "bob", "bad");
  backend("alice", "bob", "delivered", body("m1"));
  run();
  EXPECT_THAT(timeline("alice", "bob"), SizeIs(2));
  swapped.use({});
  for (const std::string& id : {std::string("m1"), id_in("alice", "bob")}) {
    for (const char* operation : {"delivered", "persist"}) backend("bob", "alice", operation, body(id));
  }
  run();
  EXPECT_THAT(timeline("bob", "alice"), IsEmpty());
  EXPECT_EQ(published_to("bob"), 0U);
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_EQ(probe.refusals[Reason::kFiltered], 4);
}

/// Its sender was told that it is refused: to deliver it now would be to deliver it twice, once he says it in
/// other words.
TEST_F(FiltersTest, WhatTheyRefusedStaysRefusedWhenTheBrokerDeliversItAgain) {
  swapped.use({{"bad", FilterAction::kReject}});
  say_as("u1", "alice", "bob", "bad");
  run();
  swapped.use({});
  say_as("u1", "alice", "bob", "bad");
  broker.waiting.back().delivered_before = true;
  run();
  EXPECT_THAT(timeline("bob", "alice"), IsEmpty());
  EXPECT_THAT(told("alice"), ElementsAre("filtered", "filtered"));
  EXPECT_THAT(store.dead_letters(10), SizeIs(1));
  say_as("u1", "alice", "bob", "bad");
  run();
  EXPECT_THAT(texts("bob", "alice"), ElementsAre("bad")) << "he may try again himself";
}

/// Of a client of the embedded broker whose connection broke, everything may have been sent before: his
/// packet id tells the repetition from another attempt.
TEST_F(FiltersTest, WhatAClientSendsAgainUnderAnotherPacketIdIsJudgedAnew) {
  const auto send = [this](std::uint16_t packet_id) {
    say_as("u1", "alice", "bob", "bad");
    broker.waiting.back().delivered_before = true;
    broker.waiting.back().client_id = "phone";
    broker.waiting.back().packet_id = packet_id;
    run();
  };
  swapped.use({{"bad", FilterAction::kReject}});
  send(1);
  swapped.use({});
  send(1);
  EXPECT_THAT(told("alice"), ElementsAre("filtered", "filtered"));
  EXPECT_THAT(store.dead_letters(10), SizeIs(1));
  EXPECT_THAT(timeline("bob", "alice"), IsEmpty());
  send(2);
  EXPECT_THAT(texts("bob", "alice"), ElementsAre("bad"));
}

/// Its letter goes with the replay, so that a repetition of the old refusal would leave nothing of it.
TEST_F(FiltersTest, WhatIsReplayedIsJudgedAlsoWhenTheBrokerDeliversItAgain) {
  swapped.use({{"bad", FilterAction::kReject}});
  say_as("u1", "alice", "bob", "bad");
  run();
  const std::string letter = store.dead_letters(1).at(0).id;
  swapped.use({});
  say_as("u1", "alice", "bob", "bad");
  broker.waiting.back().replay_of = letter;
  broker.waiting.back().delivered_before = true;
  run();
  EXPECT_THAT(texts("bob", "alice"), ElementsAre("bad"));
  EXPECT_THAT(store.dead_letters(10), IsEmpty());
}

TEST_F(FiltersTest, DoNotJudgeAResendAgain) {
  swapped.use({{"bad", FilterAction::kMask}});
  say_as("u1", "alice", "bob", "bad");
  say_as("u1", "alice", "bob", "bad");
  run();
  EXPECT_EQ(probe.matches["bad"], 1);
}

}  // namespace
}  // namespace inboxd
