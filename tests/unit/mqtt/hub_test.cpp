#include "mqtt/hub.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "no_probe.hpp"
#include "store/memory_session_store.hpp"
#include "support/fakes.hpp"

/// Sessions, subscriptions and messages as clients see them: commands in, events out (MQTT 5, sections 3 and
/// 4).
namespace inboxd::mqtt {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = Acknowledgement::Kind;

class Recorder final : public EventSink {
 public:
  void send(Event event) override { events.push_back(std::move(event)); }
  void flush() override {}
  std::deque<Event> events;
};

std::string text_of(const Event& event) {
  struct Teller {
    std::string operator()(const Attached& what) const {
      return what.session_present ? "attached again" : "attached";
    }
    std::string operator()(const Ended& what) const { return "ended " + std::string(name_of(what.reason)); }
    std::string operator()(const Acknowledge& what) const {
      constexpr const char* kNames[] = {"puback", "pubrec", "pubrel", "pubcomp"};
      std::string text = kNames[static_cast<int>(what.kind) - 4] + (" " + std::to_string(what.packet_id));
      if (what.reason != Reason::kSuccess) text += " " + std::string(name_of(what.reason));
      return text;
    }
    std::string operator()(const Subscribed& what) const {
      return "suback " + std::to_string(what.packet_id);
    }
    std::string operator()(const Unsubscribed& what) const {
      return "unsuback " + std::to_string(what.packet_id);
    }
    std::string operator()(const Outgoing& what) const {
      std::string text = what.message->topic + "=" + *what.message->payload;
      if (what.qos != Qos::kAtMostOnce) {
        text += " q" + std::to_string(static_cast<int>(what.qos)) + " #" + std::to_string(what.packet_id);
      }
      if (what.dup) text += " dup";
      if (what.retain) text += " retained";
      return text;
    }
  };
  return std::visit(Teller{}, event.what);
}

class HubTest : public ::testing::Test {
 protected:
  HubTest() { restart(); }

  /// As a crash and a new start of the process.
  void restart() {
    hub_.reset();
    HubSettings settings = settings_;
    settings.inbox_roots = {"inbox"};
    settings.heard = [](std::string_view key) {
      return key.ends_with(".outgoing") || key.find(".presence.") != std::string_view::npos
                 ? std::optional(Queue::kMessages)
                 : std::nullopt;
    };
    hub_.emplace(std::move(settings), store_, clock_, sink_, probe_, log_);
  }

  struct How {
    bool clean = true;
    std::uint32_t expiry = 0;
    std::optional<Will> will = {};
    std::uint16_t receive_maximum = 65'535;
    std::shared_ptr<const Access> access = {};
  };
  ConnectionId attach(const std::string& client, const How& how, const std::string& user = "u") {
    const ConnectionId id{++connections_, 0};
    hub_->handle({id, Attach{.client_id = client,
                             .user = user,
                             .peer = {},
                             .version = Version::k5,
                             .clean_start = how.clean,
                             .session_expiry_seconds = how.expiry,
                             .receive_maximum = how.receive_maximum,
                             .will = how.will,
                             .access = how.access}});
    return id;
  }
  ConnectionId attach(const std::string& client) { return attach(client, How{}); }
  void subscribe(ConnectionId id, const std::string& filter, Qos qos = Qos::kAtMostOnce) {
    hub_->handle({id, SubscribeTo{.packet_id = 1,
                                  .subscriptions = {{.filter = filter, .qos = qos}},
                                  .reasons = {static_cast<Reason>(qos)}}});
  }
  void publish(ConnectionId id, const std::string& topic, const std::string& payload,
               Qos qos = Qos::kAtMostOnce, PacketId packet = 0, bool retain = false) {
    hub_->handle({id, Publication{message(topic, payload, qos, retain), packet, false}});
  }
  void acknowledge(ConnectionId id, Kind kind, PacketId packet) {
    hub_->handle({id, Acknowledged{kind, packet}});
  }
  void detach(ConnectionId id, bool with_will = true) {
    hub_->handle({id, Detach{.publish_will = with_will}});
  }
  MessagePtr message(const std::string& topic, const std::string& payload, Qos qos = Qos::kAtLeastOnce,
                     bool retain = false) {
    return message_of(topic, payload, qos, retain, {}, clock_.now());
  }

  /// What the connection is told since the last call.
  std::vector<std::string> told(ConnectionId id) {
    hub_->flush();
    std::vector<std::string> texts;
    std::erase_if(sink_.events, [&](const Event& event) {
      if (event.to != id) return false;
      texts.push_back(text_of(event));
      return true;
    });
    return texts;
  }

  HubSettings settings_;
  store::MemorySessionStore store_;
  testing::FakeClock clock_;
  Recorder sink_;
  NoProbe probe_;
  testing::SilentLog log_;
  std::optional<Hub> hub_;
  std::uint64_t connections_ = 0;
};

constexpr std::uint32_t kHour = 3600;

TEST_F(HubTest, TellsNothingBeforeItIsDurable) {
  const auto id = attach("a");
  EXPECT_THAT(sink_.events, IsEmpty());
  EXPECT_THAT(told(id), ElementsAre("attached"));
}

TEST_F(HubTest, AnswersASubscriptionBeforeItsMessages) {
  const auto sender = attach("s");
  publish(sender, "t/kept", "old", Qos::kAtLeastOnce, 1, true);
  const auto id = attach("a");
  subscribe(id, "t/#", Qos::kAtLeastOnce);
  publish(sender, "t/x", "new", Qos::kAtLeastOnce, 2);
  EXPECT_THAT(told(id), ElementsAre("attached", "suback 1", "t/kept=old q1 #1 retained", "t/x=new q1 #2"));
  EXPECT_THAT(told(sender), ElementsAre("attached", "puback 1 no_matching_subscribers", "puback 2"));
}

TEST_F(HubTest, DeliversUnderTheLowerQosOfTheTwo) {
  const auto sender = attach("s");
  const auto zero = attach("zero");
  const auto two = attach("two");
  subscribe(zero, "t");
  subscribe(two, "t", Qos::kExactlyOnce);
  publish(sender, "t", "a", Qos::kAtLeastOnce, 1);
  publish(sender, "t", "b", Qos::kExactlyOnce, 2);
  EXPECT_THAT(told(zero), ElementsAre("attached", "suback 1", "t=a", "t=b"));
  EXPECT_THAT(told(two), ElementsAre("attached", "suback 1", "t=a q1 #1", "t=b q2 #2"));
  acknowledge(two, Kind::kPubrec, 2);
  acknowledge(two, Kind::kPubcomp, 2);
  EXPECT_THAT(told(two), ElementsAre("pubrel 2"));
}

TEST_F(HubTest, TakesAQos2PublicationOnce) {
  const auto sender = attach("s");
  const auto reader = attach("r");
  subscribe(reader, "t");
  publish(sender, "t", "x", Qos::kExactlyOnce, 7);
  publish(sender, "t", "x", Qos::kExactlyOnce, 7);
  acknowledge(sender, Kind::kPubrel, 7);
  publish(sender, "t", "y", Qos::kExactlyOnce, 7);
  EXPECT_THAT(told(sender), ElementsAre("attached", "pubrec 7", "pubrec 7", "pubcomp 7", "pubrec 7"));
  EXPECT_THAT(told(reader), ElementsAre("attached", "suback 1", "t=x", "t=y"));
}

TEST_F(HubTest, KeepsTheClientsReceiveMaximum) {
  const auto sender = attach("s");
  const auto id = attach("a", {.receive_maximum = 2});
  subscribe(id, "t", Qos::kAtLeastOnce);
  for (const char* text : {"1", "2", "3", "4"}) publish(sender, "t", text, Qos::kAtLeastOnce, 1);
  EXPECT_THAT(told(id), ElementsAre("attached", "suback 1", "t=1 q1 #1", "t=2 q1 #2"));
  acknowledge(id, Kind::kPuback, 1);
  EXPECT_THAT(told(id), ElementsAre("t=3 q1 #3"));
}

TEST_F(HubTest, EndsAConnectionForWhichTooMuchWaits) {
  settings_.sessions.queued_messages = 2;
  restart();
  const auto sender = attach("s");
  const auto id = attach("a", {.receive_maximum = 1});
  subscribe(id, "t", Qos::kAtLeastOnce);
  for (int i = 0; i < 5; ++i) publish(sender, "t", "x", Qos::kAtLeastOnce, 1);
  EXPECT_THAT(told(id), ElementsAre("attached", "suback 1", "t=x q1 #1", "ended quota_exceeded"));
}

TEST_F(HubTest, ASessionThatWasAwayFindsItsMessages) {
  auto id = attach("a", {.expiry = kHour});
  subscribe(id, "t", Qos::kAtLeastOnce);
  detach(id);
  const auto sender = attach("s");
  publish(sender, "t", "1", Qos::kAtLeastOnce, 1);
  publish(sender, "t", "0", Qos::kAtMostOnce);
  publish(sender, "t", "2", Qos::kExactlyOnce, 2);
  id = attach("a", {.clean = false, .expiry = kHour});
  EXPECT_THAT(told(id), ElementsAre("attached again", "t=1 q1 #1", "t=2 q1 #2"));
}

TEST_F(HubTest, ResumesUnderTheSamePacketIds) {
  const auto sender = attach("s");
  auto id = attach("a", {.expiry = kHour});
  subscribe(id, "t", Qos::kExactlyOnce);
  for (const char* text : {"1", "2", "3"})
    publish(sender, "t", text, Qos::kExactlyOnce, PacketId(text[0] - '0'));
  (void)told(id);
  acknowledge(id, Kind::kPubrec, 1);
  acknowledge(id, Kind::kPubrec, 2);
  acknowledge(id, Kind::kPubcomp, 2);
  detach(id);
  id = attach("a", {.clean = false, .expiry = kHour});
  EXPECT_THAT(told(id), ElementsAre("attached again", "pubrel 1", "t=3 q2 #3 dup"));
}

/// What is on its way to the store in the same turn is no less under way.
TEST_F(HubTest, ResumesWhatTheStoreIsYetToHear) {
  const auto sender = attach("s");
  auto id = attach("a", {.expiry = kHour, .receive_maximum = 3});
  subscribe(id, "t", Qos::kAtLeastOnce);
  (void)told(id);
  for (const char* text : {"1", "2", "3", "4", "5"}) publish(sender, "t", text, Qos::kAtLeastOnce, 1);
  acknowledge(id, Kind::kPuback, 1);
  detach(id);
  id = attach("a", {.clean = false, .expiry = kHour});
  EXPECT_THAT(told(id),
              ElementsAre("attached again", "t=2 q1 #2 dup", "t=3 q1 #3 dup", "t=4 q1 #4", "t=5 q1 #5"));
}

TEST_F(HubTest, ResumesWithinTheNewReceiveMaximum) {
  const auto sender = attach("s");
  auto id = attach("a", {.expiry = kHour});
  subscribe(id, "t", Qos::kAtLeastOnce);
  for (const char* text : {"1", "2", "3", "4"}) publish(sender, "t", text, Qos::kAtLeastOnce, 1);
  (void)told(id);
  detach(id);
  id = attach("a", {.clean = false, .expiry = kHour, .receive_maximum = 2});
  EXPECT_THAT(told(id), ElementsAre("attached again", "t=1 q1 #1 dup", "t=2 q1 #2 dup"));
  acknowledge(id, Kind::kPuback, 1);
  EXPECT_THAT(told(id), ElementsAre("t=3 q1 #3 dup"));
  acknowledge(id, Kind::kPuback, 2);
  acknowledge(id, Kind::kPuback, 3);
  EXPECT_THAT(told(id), ElementsAre("t=4 q1 #4 dup"));
}

TEST_F(HubTest, SendsNoMoreBytesAtOnceThanAConnectionTakes) {
  settings_.sessions.in_flight_bytes = 25;
  restart();
  const auto sender = attach("s");
  const auto lasting = attach("lasting", {.expiry = kHour});
  const auto passing = attach("passing");
  for (const auto id : {lasting, passing}) {
    subscribe(id, "t", Qos::kAtLeastOnce);
    (void)told(id);
  }
  for (const char* text : {"123456789", "223456789", "323456789"})
    publish(sender, "t", text, Qos::kAtLeastOnce, 1);
  publish(sender, "t", std::string(100, 'x'), Qos::kAtLeastOnce, 1);
  for (const auto id : {lasting, passing}) {
    EXPECT_THAT(told(id), ElementsAre("t=123456789 q1 #1", "t=223456789 q1 #2"));
    acknowledge(id, Kind::kPuback, 1);
    EXPECT_THAT(told(id), ElementsAre("t=323456789 q1 #3"));
    acknowledge(id, Kind::kPuback, 2);
    EXPECT_THAT(told(id), IsEmpty());
    acknowledge(id, Kind::kPuback, 3);
    EXPECT_THAT(told(id), ElementsAre("t=" + std::string(100, 'x') + " q1 #4")) << "one is sent all the same";
  }
}

TEST_F(HubTest, PropertiesCountAmongTheBytesThatWait) {
  settings_.sessions.queued_bytes = 10'000;
  restart();
  const auto sender = attach("s");
  const auto id = attach("a", {.receive_maximum = 1});
  subscribe(id, "t", Qos::kAtLeastOnce);
  Properties many;
  many.user_properties.resize(1'000);
  for (int i = 0; i < 2; ++i) {
    hub_->handle({sender, Publication{message_of("t", "", Qos::kAtLeastOnce, false, many, 0), 1, false}});
  }
  EXPECT_THAT(told(id), ElementsAre("attached", "suback 1", "t= q1 #1", "ended quota_exceeded"));
}

/// MQTT-2.2.1-4: after a start of the process too.
TEST_F(HubTest, NoPacketIdStandsForTwoMessages) {
  const auto sender = attach("s");
  auto id = attach("a", {.expiry = kHour});
  subscribe(id, "t", Qos::kExactlyOnce);
  // One and two are gone; of those that stay, the one of QoS 2 has 4, which the next life must not give.
  publish(sender, "t", "1", Qos::kAtLeastOnce, 1);
  publish(sender, "t", "2", Qos::kAtLeastOnce, 1);
  publish(sender, "t", "a", Qos::kAtLeastOnce, 1);
  publish(sender, "t", "b", Qos::kExactlyOnce, 2);
  (void)told(id);
  acknowledge(id, Kind::kPuback, 1);
  acknowledge(id, Kind::kPuback, 2);
  hub_->flush();
  restart();
  const auto again = attach("s2");
  for (const char* text : {"c", "d", "e"}) publish(again, "t", text, Qos::kAtLeastOnce, 1);
  sink_.events.clear();
  id = attach("a", {.clean = false, .expiry = kHour});
  EXPECT_THAT(told(id), ElementsAre("attached again", "t=a q1 #1", "t=b q2 #4 dup", "t=c q1 #2", "t=d q1 #3",
                                    "t=e q1 #5"));
}

TEST_F(HubTest, SessionsSurviveTheProcess) {
  const auto sender = attach("s", {.expiry = kHour});
  auto id = attach("a", {.expiry = kHour, .receive_maximum = 1});
  subscribe(id, "t", Qos::kExactlyOnce);
  publish(sender, "t", "1", Qos::kExactlyOnce, 1);
  publish(sender, "t", "2", Qos::kExactlyOnce, 2);
  publish(sender, "kept", "r", Qos::kAtLeastOnce, 3, true);
  hub_->flush();
  sink_.events.clear();
  restart();
  id = attach("a", {.clean = false, .expiry = kHour});
  EXPECT_THAT(told(id), ElementsAre("attached again", "t=1 q2 #1 dup", "t=2 q2 #2"));
  const auto again = attach("s", {.clean = false, .expiry = kHour});
  publish(again, "t", "1", Qos::kExactlyOnce, 1);
  EXPECT_THAT(told(again), ElementsAre("attached again", "pubrec 1")) << "it has been taken";
  subscribe(again, "kept", Qos::kAtMostOnce);
  EXPECT_THAT(told(again), ElementsAre("suback 1", "kept=r retained"));
}

TEST_F(HubTest, WhatIsOverIsOverAlsoInTheStore) {
  const auto id = attach("a", {.expiry = kHour});
  publish(id, "kept", "r", Qos::kAtMostOnce, 0, true);
  publish(id, "kept", "", Qos::kAtMostOnce, 0, true);
  publish(id, "t", "x", Qos::kExactlyOnce, 9);
  acknowledge(id, Kind::kPubrel, 9);
  hub_->handle({id, Detach{.publish_will = false, .session_expiry_seconds = 0}});
  hub_->flush();
  EXPECT_THAT(store_.sessions({}, 10), IsEmpty());
  EXPECT_THAT(store_.retained({}, 10), IsEmpty());
  EXPECT_THAT(store_.packets("a"), IsEmpty());
}

TEST_F(HubTest, ASessionEndsWhenItsTimeIsOver) {
  const auto id = attach("a", {.expiry = 10});
  subscribe(id, "t", Qos::kAtLeastOnce);
  detach(id);
  clock_.advance(seconds(11));
  hub_->run_timers();
  EXPECT_THAT(told(attach("a", {.clean = false, .expiry = 10})), ElementsAre("attached"));
}

TEST_F(HubTest, ANewConnectionTakesTheSessionOver) {
  const auto first = attach("a", {.expiry = kHour});
  subscribe(first, "t");
  const auto second = attach("a", {.clean = false, .expiry = kHour});
  publish(first, "t", "too late");
  publish(second, "t", "x");
  EXPECT_THAT(told(first), ElementsAre("attached", "suback 1", "ended session_taken_over"));
  EXPECT_THAT(told(second), ElementsAre("attached again", "t=x"));
}

TEST_F(HubTest, AClientIdBelongsToTheUserWhoFirstUsedIt) {
  const auto mine = attach("a", How{}, "alice");
  EXPECT_THAT(told(attach("a", How{}, "mallory")), ElementsAre("ended client_identifier_not_valid"));
  detach(mine);
  EXPECT_THAT(told(attach("a", How{}, "mallory")), ElementsAre("ended client_identifier_not_valid"));
  EXPECT_THAT(told(attach("a", How{}, "alice")), ElementsAre("attached"));
}

TEST_F(HubTest, AUsersOldestSessionMakesRoom) {
  settings_.sessions_per_user = 2;
  restart();
  for (const char* client : {"1", "2"}) {
    detach(attach(client, {.expiry = kHour}));
    clock_.advance(seconds(1));
  }
  EXPECT_THAT(told(attach("3", {.expiry = kHour})), ElementsAre("attached"));
  EXPECT_THAT(told(attach("1", {.clean = false, .expiry = kHour})), ElementsAre("attached"));
  EXPECT_THAT(told(attach("2", {.clean = false, .expiry = kHour})), ElementsAre("attached")) << "1 came anew";
  EXPECT_THAT(told(attach("3", {.clean = false, .expiry = kHour})), ElementsAre("attached again"));
}

TEST_F(HubTest, ASessionHasSoManySubscriptions) {
  settings_.subscriptions_per_session = 1;
  restart();
  const auto id = attach("a");
  for (const char* filter : {"t", "t", "u"}) subscribe(id, filter);
  hub_->flush();
  std::vector<Reason> reasons;
  for (const Event& event : sink_.events) {
    if (const auto* answer = std::get_if<Subscribed>(&event.what)) reasons.push_back(answer->reasons.front());
  }
  EXPECT_THAT(reasons, ElementsAre(Reason::kSuccess, Reason::kSuccess, Reason::kQuotaExceeded));
}

// --- rights that a token grants no more

class WithdrawnTest : public HubTest {
 protected:
  static std::shared_ptr<const Access> access(bool admin) {
    const auto context = std::make_shared<const AccessContext>(
        "/", Topics{AppId("tilechat"), ".apps.tilechat.users", true, true});
    auth::Claims claims;
    claims.user_id = "eve";
    claims.app_id = "tilechat";
    claims.admin = admin;
    claims.scope = {admin ? "rabbitmq.read:*/*/apps.tilechat.#"
                          : "rabbitmq.read:*/*/apps.tilechat.users.eve.*"};
    return std::make_shared<const Access>(Access::of(claims, context).value());
  }
  void say(const std::string& to) {
    hub_->publish(message("apps/tilechat/users/" + to + "/messages/x/m/clientadded", to));
  }

  const std::string kEves = "apps/tilechat/users/eve/messages/x/m/clientadded=eve q1 #";
  const std::string kBobs = "apps/tilechat/users/bob/messages/x/m/clientadded=bob q1 #";
};

TEST_F(WithdrawnTest, ASessionGoesOnWithinItsPresentToken) {
  auto id = attach("e", {.expiry = kHour, .access = access(true)}, "eve");
  subscribe(id, "apps/tilechat/#", Qos::kAtLeastOnce);
  subscribe(id, "apps/tilechat/users/eve/#", Qos::kAtLeastOnce);
  detach(id);
  say("bob");
  say("eve");
  (void)told(id);
  id = attach("e", {.clean = false, .expiry = kHour, .access = access(false)}, "eve");
  EXPECT_THAT(told(id), ElementsAre("attached again", kEves + "1")) << "nor what was queued before";
  EXPECT_EQ(probe_.drops, std::vector{Drop::kUnauthorized});
  say("bob");
  say("eve");
  EXPECT_THAT(told(id), ElementsAre(kEves + "2"));
  EXPECT_EQ(store_.sessions({}, 1).at(0).subscriptions.size(), 1U);
}

TEST_F(WithdrawnTest, AnotherTokenCountsAtOnce) {
  const auto id = attach("e", {.access = access(true)}, "eve");
  subscribe(id, "apps/tilechat/#", Qos::kAtLeastOnce);
  say("bob");
  EXPECT_THAT(told(id), ElementsAre("attached", "suback 1", kBobs + "1"));
  hub_->handle({id, Reauthorize{access(false)}});
  say("bob");
  EXPECT_THAT(told(id), IsEmpty());
}

// --- connections

TEST_F(HubTest, ConnectionsAreListedInTheirOrder) {
  attach("a", {.expiry = kHour}, "ann");
  attach("b", How{}, "bob");
  attach("c", How{}, "ann");
  const auto ids = [this](const ConnectionAdmin::Query& query) {
    std::vector<std::string> clients;
    for (const auto& connection : hub_->connections(query)) clients.push_back(connection.client_id);
    return clients;
  };
  EXPECT_THAT(ids({.limit = 10}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(ids({.limit = 2}), ElementsAre("a", "b"));
  EXPECT_THAT(ids({.after = 1, .limit = 10}), ElementsAre("b", "c"));
  EXPECT_THAT(ids({.user = "ann", .limit = 10}), ElementsAre("a", "c"));
  const auto first = hub_->connections({.limit = 1}).at(0);
  EXPECT_EQ(first.user, "ann");
  EXPECT_EQ(first.version, "5.0");
  EXPECT_TRUE(first.persistent);
  EXPECT_EQ(first.connected_at, clock_.now());
}

TEST_F(HubTest, AConnectionIsEndedFromOutside) {
  const auto id = attach("a");
  EXPECT_TRUE(hub_->disconnect(id.number, Reason::kAdministrativeAction));
  EXPECT_FALSE(hub_->disconnect(id.number, Reason::kAdministrativeAction));
  EXPECT_THAT(told(id), ElementsAre("attached", "ended administrative_action"));
}

TEST_F(HubTest, AUserHasSoManyConnections) {
  settings_.connections_per_user = 2;
  restart();
  const auto one = attach("1");
  attach("2");
  EXPECT_THAT(told(attach("3")), ElementsAre("ended quota_exceeded"));
  EXPECT_THAT(told(attach("2")), ElementsAre("attached")) << "a take-over is none more";
  detach(one);
  EXPECT_THAT(told(attach("3")), ElementsAre("attached"));
}

TEST_F(HubTest, WillsArePublishedUnlessTheClientSaysGoodbye) {
  const auto reader = attach("r");
  subscribe(reader, "wills/#");
  const How with_will{.will = Will{.topic = "wills/a", .payload = "gone"}};
  detach(attach("a", with_will), false);
  EXPECT_THAT(told(reader), ElementsAre("attached", "suback 1"));
  detach(attach("a", with_will));
  EXPECT_THAT(told(reader), ElementsAre("wills/a=gone"));
}

TEST_F(HubTest, WillsSurviveTheProcess) {
  How how{.expiry = kHour, .will = Will{.topic = "wills/a", .payload = "gone", .qos = Qos::kAtLeastOnce}};
  how.will->properties.will_delay_seconds = 30;
  how.will->properties.content_type = "text/plain";
  attach("connected", how);
  detach(attach("waits", how));
  hub_->flush();
  sink_.events.clear();
  clock_.advance(seconds(20));
  restart();
  const auto reader = attach("r");
  subscribe(reader, "wills/#", Qos::kAtLeastOnce);
  (void)told(reader);
  clock_.advance(seconds(10));
  hub_->run_timers();
  EXPECT_THAT(told(reader), ElementsAre("wills/a=gone q1 #1")) << "of the one whose connection ended before";
  clock_.advance(seconds(20));
  hub_->run_timers();
  hub_->flush();
  ASSERT_EQ(sink_.events.size(), 1U);
  EXPECT_EQ(std::get<Outgoing>(sink_.events[0].what).message->properties->content_type, "text/plain");
  EXPECT_THAT(told(reader), ElementsAre("wills/a=gone q1 #2")) << "of the other, whose connection ended then";
  restart();
  const auto late = attach("r");
  subscribe(late, "wills/#");
  (void)told(late);
  clock_.advance(seconds(3000));
  hub_->run_timers();
  EXPECT_THAT(told(late), IsEmpty()) << "a will is published once";
}

/// MQTT 5, 3.1.2.11.2: its end was told, and a crash does not take it back.
TEST_F(HubTest, ASessionThatWasToEndDoesNotComeBack) {
  detach(attach("a", {.expiry = kHour}));
  attach("a", {.clean = false, .expiry = 0});
  hub_->flush();
  restart();
  hub_->run_timers();
  hub_->flush();
  EXPECT_THAT(store_.sessions({}, 10), IsEmpty());
}

TEST_F(HubTest, ComingAndGoingLeavesNothingBehind) {
  for (int i = 0; i < 3; ++i) {
    detach(attach("a", {.clean = false, .expiry = kHour}));
    clock_.advance(seconds(1));
  }
  const auto id = attach("a", {.clean = false, .expiry = kHour});
  clock_.advance(seconds(2 * kHour));
  hub_->run_timers();
  EXPECT_THAT(told(id), ElementsAre("attached again")) << "the end that was planned before is off";
}

TEST_F(HubTest, AWillWaitsForItsDelayAndNotForAClientThatComesBack) {
  const auto reader = attach("r");
  subscribe(reader, "wills/#");
  How how{.clean = false, .expiry = kHour, .will = Will{.topic = "wills/a", .payload = "gone"}};
  how.will->properties.will_delay_seconds = 30;
  (void)told(reader);
  detach(attach("a", how));
  const auto back = attach("a", how);
  clock_.advance(seconds(31));
  hub_->run_timers();
  EXPECT_THAT(told(reader), IsEmpty());
  detach(back);
  hub_->run_timers();
  EXPECT_THAT(told(reader), IsEmpty());
  clock_.advance(seconds(31));
  hub_->run_timers();
  EXPECT_THAT(told(reader), ElementsAre("wills/a=gone"));
}

TEST_F(HubTest, TheEngineAnswersForWhatItHears) {
  const auto id = attach("a");
  const auto reader = attach("r");
  subscribe(reader, "#");
  publish(id, "inbox/a/outgoing", "hi", Qos::kAtLeastOnce, 5);
  EXPECT_THAT(told(id), ElementsAre("attached")) << "nothing is committed yet";
  auto arrivals = hub_->take_arrivals();
  ASSERT_EQ(arrivals.size(), 1U);
  EXPECT_EQ(arrivals[0].routing_key, "inbox.a.outgoing");
  EXPECT_THAT(told(reader), ElementsAre("attached", "suback 1")) << "nor to be seen";
  hub_->committed(arrivals[0]);
  EXPECT_THAT(told(id), ElementsAre("puback 5"));
  EXPECT_THAT(told(reader), ElementsAre("inbox/a/outgoing=hi"));
}

/// There are clients that do not say by DUP that they send again.
TEST_F(HubTest, WhatFollowsABrokenConnectionMayBeARepetition) {
  const auto repeats = [this](ConnectionId id, PacketId packet) {
    publish(id, "inbox/a/outgoing", "hi", Qos::kAtLeastOnce, packet);
    return hub_->take_arrivals().at(0).dup;
  };
  auto id = attach("a", {.expiry = kHour});
  EXPECT_FALSE(repeats(id, 1));
  detach(id);
  id = attach("a", {.clean = false, .expiry = kHour});
  EXPECT_TRUE(repeats(id, 1));
  EXPECT_FALSE(repeats(id, 1)) << "under that packet id, it has been";
  EXPECT_TRUE(repeats(id, 2));
  hub_->flush();
  restart();
  id = attach("a", {.clean = false, .expiry = kHour});
  EXPECT_TRUE(repeats(id, 1)) << "a crash breaks connections too";
  hub_->handle({id, Detach{.said_goodbye = true, .publish_will = false}});
  hub_->flush();
  restart();
  id = attach("a", {.clean = false, .expiry = kHour});
  EXPECT_FALSE(repeats(id, 1)) << "who said goodbye had his answers";
  id = attach("a", {.clean = false, .expiry = kHour});
  EXPECT_TRUE(repeats(id, 1)) << "who is taken over had not";
  id = attach("a", {.clean = true, .expiry = kHour});
  EXPECT_FALSE(repeats(id, 1)) << "a new session has no past";
}

TEST_F(HubTest, AQos2MessageToTheEngineThatComesAgainBeforeTheCommitIsAnsweredAfterIt) {
  auto id = attach("a", {.expiry = kHour});
  publish(id, "inbox/a/outgoing", "hi", Qos::kExactlyOnce, 5);
  auto arrivals = hub_->take_arrivals();
  ASSERT_EQ(arrivals.size(), 1U);
  detach(id);
  id = attach("a", {.clean = false, .expiry = kHour});
  publish(id, "inbox/a/outgoing", "hi", Qos::kExactlyOnce, 5);
  EXPECT_THAT(hub_->take_arrivals(), IsEmpty());
  EXPECT_THAT(told(id), ElementsAre("attached again"));
  hub_->committed(arrivals[0]);
  EXPECT_THAT(told(id), ElementsAre("pubrec 5"));
}

TEST_F(HubTest, SharedSubscriptionsAreServedInTurn) {
  const auto one = attach("1");
  const auto two = attach("2");
  subscribe(one, "$share/g/t");
  subscribe(two, "$share/g/t");
  const auto sender = attach("s");
  for (const char* text : {"a", "b", "c", "d"}) publish(sender, "t", text);
  EXPECT_EQ(told(one).size(), 2U + 2U);
  EXPECT_EQ(told(two).size(), 2U + 2U);
}

TEST_F(HubTest, MessagesThatExpireAreNotDelivered) {
  auto id = attach("a", {.expiry = kHour});
  subscribe(id, "t", Qos::kAtLeastOnce);
  detach(id);
  Properties soon;
  soon.message_expiry_seconds = 5;
  hub_->publish(message_of("t", "old", Qos::kAtLeastOnce, false, soon, clock_.now()));
  hub_->flush();
  clock_.advance(seconds(6));
  id = attach("a", {.clean = false, .expiry = kHour});
  EXPECT_THAT(told(id), ElementsAre("attached again"));
  EXPECT_THAT(probe_.drops, ElementsAre(Drop::kExpired));
}

}  // namespace
}  // namespace inboxd::mqtt
