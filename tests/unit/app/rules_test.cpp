#include "app/rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "app/broker_settings.hpp"
#include "app/system.hpp"

namespace inboxd::app {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kSecret = "0123456789abcdef0123456789abcdef";

config::Loaded loaded(std::map<std::string, std::string, std::less<>> environment) {
  config::Sources sources;
  sources.environment = std::move(environment);
  auto result = config::load(sources);
  EXPECT_TRUE(result) << result.error().front();
  return std::move(*result);
}

struct Row {
  const char* name;
  const char* value;
  const char* complaint;
};

class RefusedSettings : public ::testing::TestWithParam<Row> {};

TEST_P(RefusedSettings, AreNamed) {
  auto settings = loaded({{"JWT_SECRET", kSecret}, {GetParam().name, GetParam().value}});
  EXPECT_THAT(check_settings(settings, Needs::kLogin),
              ElementsAre(AllOf(HasSubstr(GetParam().name), HasSubstr("environment variable"),
                                HasSubstr(GetParam().complaint))));
}

INSTANTIATE_TEST_SUITE_P(App, RefusedSettings,
                         ::testing::Values(Row{"APP_ID", "a.b", "not an id"},
                                           Row{"PATH_PREFIX", "apps/tilechat/users", "TOPIC_LAYOUTS"},
                                           Row{"HTTP_BIND", "localhost", "not an IP address"},
                                           Row{"RABBITMQ_HOST", "a:b:c:d", ""},
                                           Row{"RABBITMQ_URI", "http://u:hidden@h", "amqp://"}));

TEST(SettingsRules, ALoginIsNeededWhereTheBrokerIs) {
  auto none = loaded({{"BROKER", "rabbitmq"}});
  EXPECT_THAT(check_settings(none, Needs::kLogin),
              ElementsAre(AllOf(HasSubstr("JWT_SECRET"), HasSubstr("RABBITMQ_PASSWORD"))));
  EXPECT_THAT(check_settings(none, Needs::kSecret), ElementsAre(HasSubstr("JWT_SECRET")));
  EXPECT_THAT(check_settings(none, Needs::kNothing), IsEmpty());
  auto embedded = loaded({});
  EXPECT_THAT(check_settings(embedded, Needs::kLogin), IsEmpty()) << "there is no broker to log in to";
  auto password = loaded({{"RABBITMQ_USER", "u"}, {"RABBITMQ_PASSWORD", "p"}});
  EXPECT_THAT(check_settings(password, Needs::kLogin), IsEmpty());
  auto uri = loaded({{"RABBITMQ_URI", "amqp://u:p@h"}});
  EXPECT_THAT(check_settings(uri, Needs::kLogin), IsEmpty());
}

TEST(SettingsRules, TheBrokerIsTheOneThatIsSpokenOf) {
  EXPECT_TRUE(loaded({}).settings.embedded);
  EXPECT_TRUE(loaded({{"BROKER", "embedded"}, {"RABBITMQ_HOST", "h"}}).settings.embedded);
  EXPECT_FALSE(loaded({{"RABBITMQ_HOST", "h"}}).settings.embedded);
  EXPECT_FALSE(loaded({{"BROKER", "rabbitmq"}}).settings.embedded);
}

TEST(SettingsRules, WithoutAuthenticationThereIsLoopbackAlone) {
  auto loopback = loaded({{"AUTH_MODE", "none"}});
  EXPECT_THAT(check_settings(loopback, Needs::kServe), IsEmpty());
  for (const char* open : {"BIND", "HTTP_BIND"}) {
    auto settings = loaded({{"AUTH_MODE", "none"}, {open, "0.0.0.0"}});
    EXPECT_THAT(check_settings(settings, Needs::kServe), ElementsAre(HasSubstr("AUTH_MODE"))) << open;
  }
}

TEST(SettingsRules, WarnOfSecretsThatAreNone) {
  auto known = loaded({{"JWT_SECRET", "tokenKey"}});
  EXPECT_THAT(check_settings(known, Needs::kLogin), IsEmpty());
  EXPECT_THAT(known.warnings, ElementsAre(AllOf(HasSubstr("JWT_SECRET"), Not(HasSubstr("tokenKey")))));
  auto good = loaded({{"JWT_SECRET", kSecret}});
  EXPECT_THAT(check_settings(good, Needs::kLogin), IsEmpty());
  EXPECT_THAT(good.warnings, IsEmpty());
}

TEST(BrokerSettings, TheUriWinsOverTheParts) {
  const auto one = loaded({{"RABBITMQ_URI", "amqp://a:b@one:1000/v?heartbeat=60"},
                           {"RABBITMQ_HOST", "other"},
                           {"RABBITMQ_PASSWORD", "d"},
                           {"RABBITMQ_USER", "c"}});
  const auto single = login_of(one.settings);
  ASSERT_TRUE(single) << single.error();
  EXPECT_EQ(shown_addresses(*single), "amqp://one:1000");
  EXPECT_EQ(single->vhost, "v");
  EXPECT_EQ(single->password, "b");
  EXPECT_EQ(single->heartbeat, std::chrono::seconds(60));
}

TEST(BrokerSettings, WithoutAPasswordATokenIsMintedForEachLogin) {
  const SystemClock clock;
  const auto token = loaded({{"JWT_SECRET", kSecret},
                             {"SERVICE_TOKEN_TTL", "60 s"},
                             {"RABBITMQ_HOST", "a,b:7"},
                             {"RABBITMQ_TLS", "true"}});
  const rabbitmq::Settings settings = broker_settings(token.settings, clock);
  ASSERT_EQ(settings.addresses.size(), 2U);
  EXPECT_EQ(to_string(settings.addresses[0]), "amqps://a:5671");
  EXPECT_EQ(to_string(settings.addresses[1]), "amqps://b:7");
  EXPECT_TRUE(settings.consume);
  EXPECT_EQ(settings.payload_limit, 8U * 1024 * 1024);
  const rabbitmq::Credentials first = settings.credentials();
  EXPECT_NE(first.password, settings.credentials().password);
  ASSERT_TRUE(first.renew_at);
  EXPECT_LE(*first.renew_at, clock.steady() + std::chrono::seconds(50));
  EXPECT_GT(*first.renew_at, clock.steady() + std::chrono::seconds(40));

  const auto password = loaded({{"JWT_SECRET", kSecret},
                                {"RABBITMQ_USER", "u"},
                                {"RABBITMQ_PASSWORD", "p"},
                                {"ACTIVE_QUEUES", "none"}});
  const rabbitmq::Settings plain = broker_settings(password.settings, clock);
  EXPECT_EQ(plain.credentials().user, "u");
  EXPECT_EQ(plain.credentials().password, "p");
  EXPECT_FALSE(plain.credentials().renew_at);
  EXPECT_FALSE(plain.consume);
}

TEST(SystemEntropy, DoesNotRepeatItself) {
  SystemEntropy entropy;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(entropy.next());
  EXPECT_EQ(seen.size(), 1000U);
  EXPECT_EQ(random_hex(16).size(), 32U);
}

}  // namespace
}  // namespace inboxd::app
