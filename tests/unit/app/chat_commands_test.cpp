#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <sstream>
#include <stdexcept>

#include "app/chat_topics.hpp"
#include "app/interrupt.hpp"
#include "app/send.hpp"
#include "app/token.hpp"
#include "app/watch.hpp"
#include "auth/jwt.hpp"
#include "core/json.hpp"
#include "core/scopes.hpp"

namespace inboxd::app {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kSecret = "a secret of more than thirty-two bytes";

Topics topics(bool path, bool chat21) { return {AppId("tilechat"), ".apps.tilechat.users", path, chat21}; }

TokenOptions token_options(std::string user) {
  TokenOptions options;
  options.user = std::move(user);
  options.secret = kSecret;
  options.topics = topics(true, true);
  return options;
}

auth::Claims claims_of(const std::string& token) {
  const auth::Verifier verifier({auth::Key::hs256(kSecret).value()});
  return verifier.verify(token, std::time(nullptr)).value();
}

TEST(TokenCommand, PrintsTheTokenAlone) {
  std::ostringstream out;
  std::ostringstream err;
  ASSERT_EQ(run_token(token_options("alice"), out, err), kDone);
  EXPECT_THAT(err.str(), IsEmpty());
  std::string token = out.str();
  ASSERT_EQ(token.back(), '\n');
  token.pop_back();
  const auth::Claims claims = claims_of(token);
  EXPECT_EQ(claims.user_id, "alice");
  EXPECT_EQ(*claims.exp - *claims.iat, 24 * 60 * 60);
  EXPECT_FALSE(claims.admin);
  EXPECT_THAT(claims.scope, Contains("rabbitmq.read:%2F/amq.topic/apps.tilechat.users.alice.*"));
  EXPECT_THAT(claims.scope, ::testing::Not(Contains("rabbitmq.configure:*/*/*")));
}

TEST(TokenCommand, DoesWhatTheFlagsSay) {
  TokenOptions options = token_options("alice");
  options.admin = true;
  options.legacy_scopes = true;
  options.ttl_seconds = 5;
  const auth::Claims claims = claims_of(make_token(options).value());
  EXPECT_TRUE(claims.admin);
  EXPECT_EQ(*claims.exp - *claims.iat, 5);
  EXPECT_THAT(claims.scope, Contains("rabbitmq.configure:*/*/*"));
}

TEST(TokenCommand, GivesABackEndEverything) {
  TokenOptions options = token_options("crm");
  options.backend = true;
  const auth::Claims claims = claims_of(make_token(options).value());
  EXPECT_TRUE(claims.admin);
  EXPECT_EQ(claims.user_id, "crm");
  EXPECT_THAT(claims.scope, ::testing::ElementsAreArray(service_scopes("/")));
}

struct BadToken {
  const char* name;
  std::function<void(TokenOptions&)> spoil;
  const char* says;
};

class BadTokens : public ::testing::TestWithParam<BadToken> {};

TEST_P(BadTokens, AreUsageErrors) {
  TokenOptions options = token_options("alice");
  GetParam().spoil(options);
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(run_token(options, out, err), kUsage);
  EXPECT_THAT(out.str(), IsEmpty());
  EXPECT_THAT(err.str(), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadTokens,
    ::testing::Values(BadToken{"star", [](auto& o) { o.user = "*"; }, "'*' is not valid"},
                      BadToken{"empty", [](auto& o) { o.user = ""; }, "not valid"},
                      BadToken{"dotted", [](auto& o) { o.user = "a.b"; }, "not valid"},
                      BadToken{"escape", [](auto& o) { o.user = "a\x1B[2J"; }, "'a[2J' is not valid"},
                      BadToken{"reserved", [](auto& o) { o.user = "messages"; }, "'messages' is reserved"},
                      BadToken{"app", [](auto& o) { o.topics.app = AppId("a/b"); }, "app id"},
                      BadToken{"ttl", [](auto& o) { o.ttl_seconds = 0; }, "at least one second"},
                      BadToken{"secret", [](auto& o) { o.secret = ""; }, "JWT_SECRET is not set"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(TokenCommand, WarnsOfSecretsThatAreNone) {
  EXPECT_THAT(secret_warning("tokenKey"), HasSubstr("everybody knows"));
  EXPECT_THAT(secret_warning("short"), HasSubstr("shorter than 32"));
  EXPECT_THAT(secret_warning(kSecret), IsEmpty());
}

TEST(ServiceToken, FitsRabbitMqsFirstFrame) {
  const auto token = make_service_token(kSecret, "/", AppId("tilechat"), std::time(nullptr), 3600);
  ASSERT_TRUE(token);
  EXPECT_LT(token->size(), 3000U);
  EXPECT_EQ(claims_of(*token).user_id, "inboxd");
}

TEST(ChatTopics, FollowTheLayout) {
  EXPECT_EQ(inbox_filter(topics(true, true), "al"), "apps/tilechat/users/al/#");
  EXPECT_EQ(inbox_filter(topics(true, false), "al"), "/apps/tilechat/users/al/#");
  EXPECT_EQ(outgoing_topic(topics(true, true), "al", "bo"),
            "apps/tilechat/outgoing/users/al/messages/bo/outgoing");
  EXPECT_EQ(outgoing_topic(topics(true, false), "al", "bo"), "/apps/tilechat/users/al/bo/messages/outgoing");
  EXPECT_EQ(below_inbox(topics(true, true), "al", "apps/tilechat/users/al/messages/bo/clientadded"),
            "messages/bo/clientadded");
  EXPECT_EQ(below_inbox(topics(true, true), "al", "elsewhere/x"), "elsewhere/x");
}

SendOptions send_options(std::string to, std::string text) {
  SendOptions options;
  options.token = token_options("alice");
  options.to = std::move(to);
  options.text = std::move(text);
  return options;
}

TEST(SendCommand, WritesTheContractsMessage) {
  const std::string text = outgoing_message(send_options("bob", "say \"hi\"\n"), "u-1");
  const auto message = json::parse_object(text);
  ASSERT_TRUE(message) << text;
  EXPECT_EQ(json::string_value(*message->find("text")), "say \"hi\"\n");
  EXPECT_EQ(message->find("type"), "\"text\"");
  EXPECT_EQ(message->find("sender_fullname"), "\"alice\"");
  EXPECT_EQ(message->find("recipient_fullname"), "\"bob\"");
  EXPECT_EQ(message->find("channel_type"), "\"direct\"");
  EXPECT_EQ(message->find("attributes"), R"({"tempUID":"u-1"})");
  EXPECT_THAT(outgoing_message(send_options("support-group-7", "x"), "u"),
              HasSubstr(R"("channel_type":"group")"));
}

TEST(SendCommand, KnowsItsOwnAnswer) {
  const auto echo = answer_in(
      R"({"message_id":"m","sender":"alice","status":100,"attributes":{"tempUID":"u"}})", "alice", "u");
  ASSERT_TRUE(echo);
  EXPECT_EQ(echo->message_id, "m");
  EXPECT_EQ(echo->status, 100);
  const auto refusal = answer_in(
      R"({"message_id":"u","timelineOf":"alice","status":-100,"error":{"code":"bad_field","message":"no"}})",
      "alice", "u");
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, -100);
  EXPECT_EQ(refusal->error, "bad_field: no");
}

TEST(SendCommand, TakesNothingElseForItsAnswer) {
  for (const char* payload :
       {R"({"message_id":"m","sender":"alice","status":100,"attributes":{"tempUID":"other"}})",
        R"({"message_id":"m","sender":"bob","status":150,"attributes":{"tempUID":"u"}})",
        R"({"message_id":"m","sender":"alice","status":100})",
        R"({"message_id":"m","sender":"alice","status":100,"attributes":"u"})",
        R"({"message_id":"x","status":-100,"error":{"code":"c","message":"m"}})", R"({"message_id":"u"})",
        "no json", ""}) {
    EXPECT_FALSE(answer_in(payload, "alice", "u")) << payload;
  }
}

TEST(SendCommand, BadOptionsAreUsageErrors) {
  for (const SendOptions& options :
       {send_options("a/b", "x"), send_options("groups", "x"), send_options("bob", "\xFF"),
        send_options(std::string(128, 'b') + "c", "x")}) {
    std::ostringstream out;
    std::ostringstream err;
    EXPECT_EQ(run_send(options, out, err), kUsage);
    EXPECT_THAT(err.str(), HasSubstr("inboxd send: "));
  }
}

/// A port of the loopback that takes connections, if `listening`, and never says a word.
class MutePort {
 public:
  explicit MutePort(bool listening) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the sockets interface
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_, generic, size) != 0 || ::getsockname(socket_, generic, &size) != 0 ||
        (listening && ::listen(socket_, 4) != 0)) {
      throw std::runtime_error("no port for the test");
    }
    port_ = ntohs(address.sin_port);
  }
  ~MutePort() { ::close(socket_); }
  MutePort(const MutePort&) = delete;
  MutePort& operator=(const MutePort&) = delete;

  MqttAddress address() const { return {.host = "127.0.0.1", .port = port_, .tls = false, .ca_file = {}}; }

 private:
  int socket_;
  int port_ = 0;
};

TEST(SendCommand, SaysThatNobodyListens) {
  const MutePort closed(false);
  SendOptions options = send_options("bob", "hi");
  options.broker = closed.address();
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(run_send(options, out, err), kFailed);
  EXPECT_THAT(err.str(), HasSubstr("127.0.0.1:" + std::to_string(options.broker.port)));
}

TEST(SendCommand, GivesUpAtItsDeadline) {
  const MutePort mute(true);
  SendOptions options = send_options("bob", "hi");
  options.broker = mute.address();
  options.timeout = std::chrono::seconds(1);
  std::ostringstream out;
  std::ostringstream err;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(run_send(options, out, err), kFailed);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_THAT(err.str(), HasSubstr("no answer from the MQTT broker"));
}

WatchOptions watch_options(bool json) {
  WatchOptions options;
  options.token = token_options("bob");
  options.json = json;
  return options;
}

struct Line {
  const char* name;
  const char* below;
  const char* payload;
  const char* says;
};

class WatchLines : public ::testing::TestWithParam<Line> {};

TEST_P(WatchLines, AreReadable) {
  const std::string topic = std::string("apps/tilechat/users/bob/") + GetParam().below;
  const std::string line = watch_line(watch_options(false), topic, GetParam().payload);
  ASSERT_GT(line.size(), 9U);
  EXPECT_EQ(line.substr(9), GetParam().says);
}

INSTANTIATE_TEST_SUITE_P(
    Table, WatchLines,
    ::testing::Values(
        Line{"text", "messages/alice/clientadded",
             R"({"sender":"alice","recipient":"bob","text":"hi","type":"text","timestamp":1700000000000})",
             "alice → bob: hi"},
        Line{"image", "messages/alice/clientadded",
             R"({"sender":"alice","recipient":"bob","text":"cat","type":"image"})",
             "alice → bob: [image] cat"},
        Line{"receipt", "messages/alice/m1/clientupdated", R"({"status":250})",
             "messages/alice/m1/clientupdated: status 250"},
        Line{"refusal", "messages/alice/u/clientupdated",
             R"({"status":-100,"error":{"code":"too_large","message":"too large"}})",
             "messages/alice/u/clientupdated: status -100, too_large: too large"},
        Line{"conversation", "conversations/alice/clientdeleted", R"({"is_new":false})",
             "conversations/alice/clientdeleted"},
        Line{"archived", "archived_conversations/alice/clientadded", R"({"text":"old"})",
             "archived_conversations/alice/clientadded"},
        Line{"wrong_types", "messages/alice/clientadded",
             R"({"sender":1,"recipient":[],"text":{},"timestamp":"x"})", " → : "},
        Line{"no_json", "messages/alice/clientadded", "\x1B[2J",
             "messages/alice/clientadded: not a JSON object"},
        Line{"escape", "messages/alice/clientadded",
             "{\"sender\":\"alice\",\"recipient\":\"bob\",\"text\":\"\\u001b]0;x\\u0007\\nfake line\"}",
             "alice → bob: ]0;x fake line"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(WatchLine, ShowsTheMessagesOwnTime) {
  const std::string line =
      watch_line(watch_options(false), "apps/tilechat/users/bob/messages/alice/clientadded",
                 R"({"sender":"a","recipient":"b","text":"t","timestamp":1700000000000})");
  const std::time_t seconds = 1'700'000'000;
  std::tm local{};
  ASSERT_NE(localtime_r(&seconds, &local), nullptr);
  std::array<char, 16> expected{};
  ASSERT_GT(std::strftime(expected.data(), expected.size(), "%H:%M:%S ", &local), 0U);
  EXPECT_EQ(line.substr(0, 9), expected.data());
}

TEST(WatchLine, IsJsonOnDemand) {
  EXPECT_EQ(watch_line(watch_options(true), "a/b", "{\"x\":\n1.50}"),
            R"({"topic":"a/b","payload":{"x": 1.50}})");
  EXPECT_EQ(watch_line(watch_options(true), "a/b", "\x1B\"no"), R"({"topic":"a/b","payload":"\"no"})");
}

TEST(WatchCommand, SaysThatNobodyListens) {
  const MutePort closed(false);
  WatchOptions options = watch_options(false);
  options.broker = closed.address();
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(run_watch(options, out, err, [] { return false; }), kFailed);
  EXPECT_THAT(err.str(), HasSubstr("inboxd watch: cannot connect to")) << err.str();
}

TEST(Interrupts, AreAskedForInsteadOfEndingTheProcess) {
  Interrupt interrupt;
  EXPECT_FALSE(interrupt.requested());
  ASSERT_EQ(std::raise(SIGINT), 0);
  EXPECT_TRUE(interrupt.requested());
  EXPECT_TRUE(interrupt.requested());
}

}  // namespace
}  // namespace inboxd::app
