#include "mqtt/client_connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/key.hpp"
#include "core/scopes.hpp"
#include "support/fakes.hpp"

/// A connection between its client and the hub: packets in, commands out, and the reverse (MQTT 5, 3.1 and
/// 4).
namespace inboxd::mqtt {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = Acknowledgement::Kind;

const std::string kSecret = "0123456789abcdef0123456789abcdef";

class FakeTransport final : public Transport {
 public:
  void send(std::string_view bytes) override { out += bytes; }
  std::string& outbox() override { return out; }
  void push() override {
    ++pushes;
    if (takes_all) held = 0;
  }
  std::size_t unsent() const override { return held; }
  void pause() override { paused = true; }
  void resume() override { paused = false; }
  void close() override { closed = true; }
  void close_after_flush(milliseconds) override { closed = true; }
  TransportKind kind() const override { return TransportKind::kTcp; }
  std::string peer_address() const override { return "127.0.0.1"; }
  std::uint16_t peer_port() const override { return 1; }
  std::size_t thread() const override { return 0; }
  std::size_t endpoint() const override { return 0; }
  std::uint64_t bytes_in() const override { return 0; }
  std::uint64_t bytes_out() const override { return 0; }

  std::string out;
  std::size_t held = 0;  ///< that the client has not taken
  bool takes_all = false;
  int pushes = 0;
  bool paused = false;
  bool closed = false;
};

class CountingProbe final : public MqttProbe {
 public:
  void connected() override {}
  void disconnected(Reason reason) override { disconnects.push_back(reason); }
  void refused(Reason reason) override { refusals.push_back(reason); }
  void received(Qos, std::size_t) override {}
  void sent(Qos, std::size_t) override {}
  void dropped(Drop why) override { drops.push_back(why); }
  void unauthorized(std::string_view what) override { denials.emplace_back(what); }
  void sessions(std::size_t, std::size_t, std::size_t) override {}

  std::vector<Reason> disconnects;
  std::vector<Reason> refusals;
  std::vector<Drop> drops;
  std::vector<std::string> denials;
};

class RecordingLog final : public Log {
 public:
  void write(LogLevel, std::string_view event, std::span<const LogField> fields) override {
    std::string line(event);
    for (const LogField& field : fields) line += " " + std::string(field.name) + "=" + field.value;
    lines.push_back(std::move(line));
  }
  std::vector<std::string> lines;
};

/// What the client is told, a word or two for each packet.
std::string text_of(const Packet& packet) {
  struct Teller {
    std::string operator()(const Connack& what) const {
      return "connack " + std::string(name_of(what.reason)) + (what.session_present ? " present" : "");
    }
    std::string operator()(const Publish& what) const {
      std::string text = what.topic + "=" + what.payload;
      if (what.properties.topic_alias) text += " alias " + std::to_string(*what.properties.topic_alias);
      return text;
    }
    std::string operator()(const Acknowledgement& what) const {
      constexpr const char* kNames[] = {"puback", "pubrec", "pubrel", "pubcomp"};
      return kNames[static_cast<int>(what.kind) - 4] + (" " + std::to_string(what.packet_id)) + " " +
             std::string(name_of(what.reason));
    }
    std::string operator()(const Suback& what) const { return "suback " + std::to_string(what.packet_id); }
    std::string operator()(const Pingresp&) const { return "pingresp"; }
    std::string operator()(const Disconnect& what) const {
      return "disconnect " + std::string(name_of(what.reason));
    }
    std::string operator()(const Auth& what) const { return "auth " + std::string(name_of(what.reason)); }
    std::string operator()(const Connect&) const { return "?"; }
    std::string operator()(const Subscribe&) const { return "?"; }
    std::string operator()(const Unsubscribe&) const { return "?"; }
    std::string operator()(const Unsuback&) const { return "unsuback"; }
    std::string operator()(const Pingreq&) const { return "?"; }
  };
  return std::visit(Teller{}, packet);
}

/// What the hub is told.
std::string text_of(const Command& command) {
  struct Teller {
    std::string operator()(const Attach& what) const {
      return "attach " + what.client_id + " of " + what.user;
    }
    std::string operator()(const Reauthorize&) const { return "reauthorize"; }
    std::string operator()(const SubscribeTo& what) const {
      std::string text = "subscribe";
      for (const Reason reason : what.reasons) text += " " + std::string(name_of(reason));
      return text;
    }
    std::string operator()(const UnsubscribeFrom&) const { return "unsubscribe"; }
    std::string operator()(const Publication& what) const {
      return "publish " + what.message->topic + "=" + *what.message->payload;
    }
    std::string operator()(const Acknowledged& what) const {
      return "acknowledged " + std::to_string(what.packet_id) + " " + std::string(name_of(what.reason));
    }
    std::string operator()(const Detach& what) const {
      std::string text = what.publish_will ? "detach with will" : "detach";
      if (what.session_expiry_seconds) text += " " + std::to_string(*what.session_expiry_seconds);
      return text;
    }
    std::string operator()(const Inquiry&) const { return "?"; }
  };
  return std::visit(Teller{}, command.what);
}

class ClientConnectionTest : public ::testing::Test {
 protected:
  explicit ClientConnectionTest(const FlapGuard::Settings& flaps = {.at_once = 0}) : flaps_(flaps) { open(); }
  ~ClientConnectionTest() override { connection_->closed(CloseCause::kPeer); }

  void open() {
    if (connection_) connection_->closed(CloseCause::kPeer);
    transport_ = FakeTransport{};
    decoder_.emplace(Role::kClient, 1'000'000);
    connection_ = std::make_unique<ClientConnection>(front_);
    connection_->opened(transport_);
    (void)feed_.take(milliseconds(0), 1'000'000);
  }

  std::string token(const std::string& user, std::int64_t ttl_seconds = 3600) const {
    auth::MintRequest request;
    request.user = user;
    request.app = "tilechat";
    request.scope = strict_client_scopes("/", topics_, PartyId(user));
    request.now_seconds = clock_.now() / 1000;
    request.ttl_seconds = ttl_seconds;
    return auth::mint(request, kSecret).value();
  }

  Connect connect(Version version = Version::k5) const {
    Connect made;
    made.version = version;
    made.client_id = "c";
    made.user_name = "whoever";
    made.password = token("al");
    return made;
  }
  /// The connection as it is once the hub has taken the client in.
  void attach(const Connect& connect) {
    say(connect, connect.version);
    hear(Attached{});
    (void)told();
    (void)asked();
  }
  void attach() { attach(connect()); }

  static std::string bytes_of(const Packet& packet, Version version) {
    std::string bytes;
    encode(packet, version, bytes);
    return bytes;
  }
  void say(const Packet& packet, Version version = Version::k5) {
    version_ = version;
    connection_->received(bytes_of(packet, version));
  }
  static Publish publication(const std::string& topic, Qos qos = Qos::kAtMostOnce, PacketId id = 0) {
    return {.topic = topic, .payload = "x", .qos = qos, .packet_id = id, .properties = {}};
  }

  void hear(decltype(Event::what) what) { connection_->take({{}, std::move(what)}); }
  void hear(const std::string& topic, std::size_t size, Qos qos = Qos::kAtMostOnce, PacketId id = 0) {
    hear(Outgoing{.message = message_of(topic, std::string(size, 'x'), qos, false, {}, 0),
                  .qos = qos,
                  .packet_id = id});
  }
  void tick(milliseconds later) {
    clock_.advance(later);
    connection_->tick(clock_.steady());
  }

  std::vector<std::string> told() {
    std::vector<std::string> texts;
    decoder_->version(version_);
    std::string_view bytes = transport_.out;
    while (!bytes.empty()) {
      auto packet = decoder_->next(bytes);
      EXPECT_TRUE(packet) << packet.error().detail;
      if (!packet || !*packet) break;
      texts.push_back(text_of(**packet));
    }
    transport_.out.clear();
    return texts;
  }
  std::vector<std::string> asked() {
    std::vector<std::string> texts;
    for (const Command& command : feed_.take(milliseconds(0), 1'000'000)) texts.push_back(text_of(command));
    return texts;
  }

  testing::FakeClock clock_;
  const Topics topics_{AppId("tilechat"), ".apps.tilechat.users", true, true};
  const std::string mine_ = "apps/tilechat/users/al/";
  const std::string outgoing_ = "apps/tilechat/outgoing/users/al/messages/bob/outgoing";
  ConnectionSettings settings_;
  Authenticator authenticator_{auth::Verifier({auth::Key::hs256(kSecret).value()}),
                               std::make_shared<const AccessContext>("/", topics_)};
  IoThreads threads_{1};
  Switchboard switchboard_{threads_};
  Feed feed_{10'000, [] {}};
  FlapGuard flaps_;
  CountingProbe probe_;
  RecordingLog log_;
  Front front_{.settings = settings_,
               .authenticator = authenticator_,
               .switchboard = switchboard_,
               .feed = feed_,
               .flaps = flaps_,
               .clock = clock_,
               .probe = probe_,
               .log = log_,
               .new_client_id = [] { return std::string("made-up"); }};
  FakeTransport transport_;
  Version version_ = Version::k5;
  std::optional<Decoder> decoder_;
  std::unique_ptr<ClientConnection> connection_;
};

// --- CONNECT

TEST_F(ClientConnectionTest, IsAnsweredWhenTheHubHasTakenItIn) {
  connection_->received(bytes_of(connect(), Version::k5) + bytes_of(Pingreq{}, Version::k5));
  EXPECT_THAT(told(), IsEmpty()) << "nothing comes before the CONNACK (MQTT-3.2.0-1)";
  EXPECT_TRUE(transport_.paused);
  EXPECT_THAT(asked(), ElementsAre("attach c of al"));
  hear(Attached{.session_present = true});
  EXPECT_THAT(told(), ElementsAre("connack success present", "pingresp"));
  EXPECT_FALSE(transport_.paused);
  EXPECT_THAT(log_.lines,
              ElementsAre(HasSubstr("MQTT connection begun connection=1 user=al address=127.0.0.1")));
}

TEST_F(ClientConnectionTest, IsToldWhyItIsRefused) {
  const std::pair<Reason, Connect> cases[] = {
      {Reason::kBadUserNameOrPassword,
       [this] {
         Connect one = connect();
         one.password = token("al") + "x";
         return one;
       }()},
      {Reason::kBadUserNameOrPassword,
       [this] {
         Connect one = connect();
         one.password.reset();
         return one;
       }()},
      {Reason::kNotAuthorized,
       [this] {
         Connect one = connect();
         one.will = Will{.topic = "apps/tilechat/users/bob/presence/c", .payload = "x", .properties = {}};
         return one;
       }()},
      {Reason::kClientIdentifierNotValid,
       [this] {
         Connect one = connect();
         one.client_id = std::string(2000, 'c');
         return one;
       }()},
      {Reason::kBadAuthenticationMethod,
       [this] {
         Connect one = connect();
         one.properties.authentication_method = "SCRAM";
         return one;
       }()},
  };
  for (const auto& [reason, refused] : cases) {
    open();
    say(refused);
    EXPECT_THAT(told(), ElementsAre("connack " + std::string(name_of(reason))));
    EXPECT_TRUE(transport_.closed);
    EXPECT_THAT(asked(), IsEmpty());
    EXPECT_EQ(probe_.refusals.back(), reason);
    EXPECT_THAT(log_.lines.back(), HasSubstr("MQTT connection refused"));
    EXPECT_THAT(log_.lines.back(), HasSubstr("reason=" + std::string(name_of(reason))));
  }
}

TEST_F(ClientConnectionTest, AVersionThatIsNoneIsToldSo) {
  std::string bytes = bytes_of(connect(Version::k311), Version::k311);
  bytes[bytes.find("MQTT") + 4] = 6;
  connection_->received(bytes);
  EXPECT_TRUE(transport_.closed);
  EXPECT_EQ(transport_.out, std::string("\x20\x02\x00\x01", 4)) << "in 3.1.1, for it speaks no other";
  transport_.out.clear();
}

TEST_F(ClientConnectionTest, TheHubsRefusalIsTheAnswer) {
  say(connect());
  hear(Ended{Reason::kQuotaExceeded});
  EXPECT_THAT(told(), ElementsAre("connack quota_exceeded"));
  EXPECT_TRUE(transport_.closed);
  EXPECT_THAT(asked(), ElementsAre("attach c of al")) << "and no detach";
}

TEST_F(ClientConnectionTest, WhoSaysNothingIsClosed) {
  tick(settings_.connect_timeout - milliseconds(1));
  EXPECT_FALSE(transport_.closed);
  tick(milliseconds(1));
  EXPECT_TRUE(transport_.closed);
}

TEST_F(ClientConnectionTest, WaitsForTheHubNoLongerThanThat) {
  say(connect());
  tick(settings_.connect_timeout);
  EXPECT_THAT(told(), ElementsAre("connack server_unavailable"));
  EXPECT_THAT(asked(), ElementsAre("attach c of al", "detach with will"));
}

TEST_F(ClientConnectionTest, AStrangersConnectIsSmall) {
  Connect large = connect();
  large.will = Will{.topic = mine_ + "presence/c",
                    .payload = std::string(settings_.max_connect_bytes, 'x'),
                    .properties = {}};
  say(large);
  EXPECT_TRUE(transport_.closed);
  EXPECT_THAT(asked(), IsEmpty());
  open();
  attach();
  Publish publish = publication(outgoing_);
  publish.payload = std::string(2 * settings_.max_connect_bytes, 'x');
  say(publish);
  EXPECT_FALSE(transport_.closed) << "who is known may say more";
}

TEST_F(ClientConnectionTest, OneWithoutANameIsGivenOne) {
  Connect nameless = connect();
  nameless.client_id.clear();
  say(nameless);
  EXPECT_THAT(asked(), ElementsAre("attach made-up of al"));
  open();
  nameless.version = Version::k311;
  nameless.clean_start = false;
  say(nameless, Version::k311);
  EXPECT_THAT(told(), ElementsAre("connack client_identifier_not_valid")) << "MQTT-3.1.3-8";
}

class FlappingTest : public ClientConnectionTest {
 protected:
  FlappingTest() : ClientConnectionTest({.at_once = 2, .per_minute = 60, .longest = milliseconds(1'500)}) {}
};

TEST_F(FlappingTest, ClientsThatConnectAgainAndAgainWait) {
  const auto attempt = [this] {
    open();
    say(connect());
    return asked();
  };
  for (int i = 0; i < 2; ++i) EXPECT_THAT(attempt(), ElementsAre("attach c of al"));
  EXPECT_THAT(attempt(), IsEmpty());
  EXPECT_TRUE(transport_.paused);
  tick(milliseconds(999));
  EXPECT_THAT(asked(), IsEmpty());
  tick(milliseconds(1));
  EXPECT_THAT(asked(), ElementsAre("attach c of al"));
  EXPECT_THAT(attempt(), IsEmpty()) << "one second more";
  EXPECT_THAT(attempt(), IsEmpty());
  EXPECT_THAT(told(), ElementsAre("connack connection_rate_exceeded")) << "two would be too long";
}

TEST_F(FlappingTest, WhoWasHeldIsNotTakenForSilent) {
  for (int i = 0; i < 2; ++i) {
    open();
    say(connect());
  }
  open();
  Connect impatient = connect();
  impatient.keep_alive_seconds = 1;
  say(impatient);
  tick(milliseconds(1'600));
  hear(Attached{});
  tick(milliseconds(100));
  EXPECT_FALSE(transport_.closed);
}

// --- enhanced authentication (MQTT 5, 4.12)

class EnhancedTest : public ClientConnectionTest {
 protected:
  Connect enhanced() const {
    Connect one = connect();
    one.password.reset();
    one.properties.authentication_method = "JWT";
    return one;
  }
  Auth auth(const std::string& token) const {
    Auth one{.reason = Reason::kContinueAuthentication, .properties = {}};
    one.properties.authentication_method = "JWT";
    one.properties.authentication_data = token;
    return one;
  }
};

TEST_F(EnhancedTest, TheTokenComesWithTheConnectOrWhenAskedFor) {
  Connect at_once = enhanced();
  at_once.properties.authentication_data = token("al");
  say(at_once);
  EXPECT_THAT(asked(), ElementsAre("attach c of al"));
  open();
  say(enhanced());
  EXPECT_THAT(told(), ElementsAre("auth continue_authentication"));
  say(auth(token("al")));
  EXPECT_THAT(asked(), ElementsAre("attach c of al"));
  hear(Attached{});
  EXPECT_THAT(told(), ElementsAre("connack success"));
}

TEST_F(EnhancedTest, WhatIsNoTokenIsRefused) {
  say(enhanced());
  say(auth("nonsense"));
  EXPECT_THAT(told(), ElementsAre("auth continue_authentication", "connack bad_user_name_or_password"));
}

TEST_F(EnhancedTest, OnlyTheTokenIsWaitedFor) {
  say(enhanced());
  say(publication(outgoing_));
  EXPECT_TRUE(transport_.closed);
  EXPECT_THAT(asked(), IsEmpty());
}

TEST_F(EnhancedTest, ALaterTokenTakesThePlaceOfTheFirst) {
  Connect at_once = enhanced();
  at_once.properties.authentication_data = token("al", 10);
  attach(at_once);
  Auth again = auth(token("al", 1000));
  again.reason = Reason::kReAuthenticate;
  say(again);
  EXPECT_THAT(told(), ElementsAre("auth success"));
  EXPECT_THAT(asked(), ElementsAre("reauthorize"));
  tick(seconds(11));
  EXPECT_FALSE(transport_.closed);
  again = auth(token("bob", 1000));
  again.reason = Reason::kReAuthenticate;
  say(again);
  EXPECT_THAT(told(), ElementsAre("disconnect not_authorized")) << "another user is another connection";
}

// --- deadlines

TEST_F(ClientConnectionTest, EndsWithItsToken) {
  settings_.token_grace = seconds(5);
  Connect brief = connect();
  brief.password = token("al", 10);
  attach(brief);
  tick(seconds(14));
  EXPECT_FALSE(transport_.closed);
  tick(seconds(1));
  EXPECT_THAT(told(), ElementsAre("disconnect not_authorized"));
  EXPECT_THAT(asked(), ElementsAre("detach with will"));
  EXPECT_THAT(log_.lines.back(), HasSubstr("its token has expired"));
}

TEST_F(ClientConnectionTest, EndsWhenNothingIsHeard) {
  Connect alive = connect();
  alive.keep_alive_seconds = 10;
  attach(alive);
  tick(seconds(15));
  EXPECT_FALSE(transport_.closed);
  say(Pingreq{});
  tick(seconds(15));
  EXPECT_FALSE(transport_.closed);
  tick(milliseconds(1));
  EXPECT_THAT(told(), ElementsAre("pingresp", "disconnect keep_alive_timeout"));
}

TEST_F(ClientConnectionTest, SilenceOfOurMakingDoesNotCount) {
  settings_.unanswered = 1;
  Connect alive = connect();
  alive.keep_alive_seconds = 10;
  attach(alive);
  say(publication(outgoing_, Qos::kAtLeastOnce, 1));
  EXPECT_TRUE(transport_.paused);
  tick(seconds(100));
  EXPECT_FALSE(transport_.closed);
  hear(Acknowledge{Kind::kPuback, 1});
  EXPECT_FALSE(transport_.paused);
  tick(seconds(15));
  EXPECT_FALSE(transport_.closed);
  tick(seconds(1));
  EXPECT_TRUE(transport_.closed);
}

TEST_F(ClientConnectionTest, LeavesWhenTheServerGoes) {
  attach();
  connection_->leave(clock_.steady() + seconds(3));
  tick(seconds(2));
  EXPECT_FALSE(transport_.closed);
  tick(seconds(1));
  EXPECT_THAT(told(), ElementsAre("disconnect server_shutting_down"));
}

// --- DISCONNECT (3.14)

TEST_F(ClientConnectionTest, SaysGoodbyeWithOrWithoutItsWill) {
  attach();
  say(Disconnect{});
  EXPECT_THAT(asked(), ElementsAre("detach"));
  open();
  attach();
  say(Disconnect{.reason = Reason::kDisconnectWithWill, .properties = {}});
  EXPECT_THAT(asked(), ElementsAre("detach with will"));
  open();
  attach();
  connection_->closed(CloseCause::kBroken);
  EXPECT_THAT(asked(), ElementsAre("detach with will"));
  open();
}

TEST_F(ClientConnectionTest, ASessionThatWasToEndCannotBeProlonged) {
  Disconnect prolonging;
  prolonging.properties.session_expiry_seconds = 10;
  attach();
  say(prolonging);
  EXPECT_THAT(told(), ElementsAre("disconnect protocol_error")) << "3.14.2.2.2";
  open();
  Connect lasting = connect();
  lasting.properties.session_expiry_seconds = 5;
  attach(lasting);
  say(prolonging);
  EXPECT_THAT(asked(), ElementsAre("detach 10"));
}

// --- PUBLISH (3.3)

TEST_F(ClientConnectionTest, WhatATokenDoesNotGrantIsRefused) {
  const std::string others = "apps/tilechat/users/bob/messages/al/m/update";
  attach();
  say(publication(others, Qos::kAtLeastOnce, 1));
  say(publication(others, Qos::kExactlyOnce, 2));
  EXPECT_THAT(told(), ElementsAre("puback 1 not_authorized", "pubrec 2 not_authorized"));
  EXPECT_FALSE(transport_.closed);
  say(publication(others));
  EXPECT_THAT(told(), ElementsAre("disconnect not_authorized")) << "nothing else can say it";
  EXPECT_THAT(asked(), ElementsAre("detach with will"));
  open();
  attach(connect(Version::k311));
  say(publication(others, Qos::kAtLeastOnce, 1), Version::k311);
  EXPECT_TRUE(transport_.closed);
  EXPECT_EQ(probe_.denials.size(), 4U);
}

TEST_F(ClientConnectionTest, FiltersAreJudgedOneByOne) {
  attach();
  say(Subscribe{.packet_id = 1,
                .subscriptions = {{.filter = mine_ + "#", .qos = Qos::kAtLeastOnce},
                                  {.filter = "apps/tilechat/users/bob/#"},
                                  {.filter = "a#"},
                                  {.filter = "$share/g/" + mine_ + "#"}},
                .properties = {}});
  EXPECT_THAT(asked(), ElementsAre("subscribe granted_qos_1 not_authorized topic_filter_invalid success"));
  EXPECT_EQ(
      log_.lines.back(),
      "MQTT subscription refused reason=not_authorized user=al filter=apps/tilechat/users/bob/# refused=2")
      << "one line for the packet";
}

TEST_F(ClientConnectionTest, NoClientIdIsLoggedWithTheTopicThatIsRefused) {
  attach();
  say(publication("apps/tilechat/users/bob/presence/phone-1", Qos::kAtLeastOnce, 1));
  EXPECT_THAT(log_.lines.back(), ::testing::EndsWith("topic=apps/tilechat/users/bob/presence/"));
}

TEST_F(ClientConnectionTest, ALongTopicThatIsRefusedIsCutInTheLogBetweenCharacters) {
  attach();
  const std::string front(254, 'x');
  say(publication(front + "\u00e9", Qos::kAtLeastOnce, 1));
  EXPECT_EQ(log_.lines.back(), "MQTT publication refused reason=not_authorized user=al topic=" + front);
}

TEST_F(ClientConnectionTest, NoLocalIsNotForSharedSubscriptions) {
  attach();
  say(Subscribe{.packet_id = 1,
                .subscriptions = {{.filter = "$share/g/" + mine_ + "#", .no_local = true}},
                .properties = {}});
  EXPECT_THAT(told(), ElementsAre("disconnect protocol_error")) << "MQTT-3.8.3-4";
}

TEST_F(ClientConnectionTest, ReadsNoMoreThanItCanHaveAnswered) {
  settings_.unanswered = 2;
  for (const Version version : {Version::k311, Version::k5}) {
    open();
    attach(connect(version));
    say(publication(outgoing_, Qos::kExactlyOnce, 1), version);
    EXPECT_FALSE(transport_.paused);
    say(publication(outgoing_, Qos::kExactlyOnce, 2), version);
    EXPECT_TRUE(transport_.paused);
    hear(Acknowledge{Kind::kPubrec, 1});
    EXPECT_FALSE(transport_.paused) << "its PUBREL must be read";
    hear(Acknowledge{Kind::kPubrec, 2});
    (void)told();
  }
}

TEST_F(ClientConnectionTest, ReadsNothingWhileTheFeedIsFull) {
  attach();
  Publish large = publication(outgoing_);
  large.payload = std::string(20'000, 'x');
  say(large);
  EXPECT_TRUE(transport_.paused);
  EXPECT_EQ(asked().size(), 1U);
  connection_->room();
  EXPECT_FALSE(transport_.paused);
}

// --- topic aliases (3.3.2.3.4)

TEST_F(ClientConnectionTest, AnAliasStandsForTheTopicThatItCameWith) {
  attach();
  Publish publish = publication(outgoing_);
  publish.properties.topic_alias = 3;
  say(publish);
  publish.topic.clear();
  say(publish);
  EXPECT_THAT(asked(), ElementsAre("publish " + outgoing_ + "=x", "publish " + outgoing_ + "=x"));
}

TEST_F(ClientConnectionTest, AnAliasOfNothingIsAnError) {
  const std::pair<std::uint16_t, const char*> cases[] = {
      {1, "disconnect protocol_error"},
      {settings_.topic_alias_maximum + 1, "disconnect topic_alias_invalid"}};
  for (const auto& [alias, answer] : cases) {
    open();
    attach();
    Publish publish = publication("");
    publish.properties.topic_alias = alias;
    say(publish);
    EXPECT_THAT(told(), ElementsAre(answer));
    EXPECT_THAT(asked(), ElementsAre("detach with will"));
  }
}

TEST_F(ClientConnectionTest, AliasesAreMadeOnlyOfWhatIsSent) {
  Connect one = connect();
  one.properties.topic_alias_maximum = 1;
  one.properties.maximum_packet_size = 100;
  attach(one);
  hear("a", 200);
  hear("a", 1);
  hear("a", 1);
  hear("b", 1);
  EXPECT_THAT(told(), ElementsAre("a=x alias 1", "=x alias 1", "b=x"));
  EXPECT_EQ(probe_.drops, std::vector{Drop::kTooLarge});
}

TEST_F(ClientConnectionTest, WhatIsTooLargeForTheClientIsAsIfDelivered) {
  Connect one = connect();
  one.properties.maximum_packet_size = 100;
  attach(one);
  hear("a", 200, Qos::kAtLeastOnce, 7);
  hear("a", 200, Qos::kExactlyOnce, 8);
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_THAT(asked(), ElementsAre("acknowledged 7 success", "acknowledged 8 packet_too_large"));
}

// --- clients that do not take what they are sent

TEST_F(ClientConnectionTest, ASlowReaderLosesQos0AndIsEndedInTheEnd) {
  settings_.max_unsent = 1'000;
  attach();
  transport_.held = 900;
  hear("a", 200);
  hear("a", 200, Qos::kAtLeastOnce, 1);
  EXPECT_EQ(probe_.drops, std::vector{Drop::kSlowReader});
  EXPECT_THAT(told(), ElementsAre(HasSubstr("a=xxx"))) << "QoS 1 is bounded by its window";
  tick(settings_.slow_reader);
  EXPECT_FALSE(transport_.closed);
  tick(milliseconds(1));
  EXPECT_THAT(told(), ElementsAre("disconnect quota_exceeded"));
}

TEST_F(ClientConnectionTest, WhoGoesOnReadingIsNotSlow) {
  settings_.max_unsent = 1'000;
  attach();
  transport_.held = 900;
  hear("a", 200);
  tick(settings_.slow_reader);
  transport_.held = 500;
  tick(seconds(1));
  EXPECT_FALSE(transport_.closed);
}

/// A burst that the kernel takes is none of the client's slowness.
TEST_F(ClientConnectionTest, WhatIsQueuedIsWrittenBeforeAnyoneIsCalledSlow) {
  settings_.max_unsent = 1'000;
  attach();
  transport_.held = 900;
  transport_.takes_all = true;
  hear("a", 200);
  EXPECT_EQ(transport_.pushes, 1);
  EXPECT_THAT(probe_.drops, IsEmpty());
}

TEST_F(ClientConnectionTest, WhoDoesNotTakeAnswersIsAskedNothingMore) {
  settings_.max_unsent = 1'000;
  attach();
  transport_.held = 1'001;
  say(Pingreq{});
  EXPECT_TRUE(transport_.paused);
  transport_.held = 0;
  connection_->drained();
  EXPECT_FALSE(transport_.paused);
  transport_.held = 1'001;
  say(Pingreq{});
  tick(settings_.slow_reader + milliseconds(1));
  EXPECT_TRUE(transport_.closed);
  (void)told();
}

}  // namespace
}  // namespace inboxd::mqtt
