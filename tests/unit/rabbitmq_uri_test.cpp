#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rabbitmq/uri.hpp"

namespace inboxd::rabbitmq {
namespace {

using std::chrono::seconds;

struct GoodUri {
  std::string text;
  ParsedUri expected;
};

class GoodUriTest : public testing::TestWithParam<GoodUri> {};

TEST_P(GoodUriTest, IsRead) {
  const auto parsed = parse_amqp_uri(GetParam().text);
  ASSERT_TRUE(parsed) << parsed.error();
  const ParsedUri& expected = GetParam().expected;
  EXPECT_EQ(parsed->address, expected.address);
  EXPECT_EQ(parsed->user, expected.user);
  EXPECT_EQ(parsed->password, expected.password);
  EXPECT_EQ(parsed->vhost, expected.vhost);
  EXPECT_EQ(parsed->heartbeat, expected.heartbeat);
}

INSTANTIATE_TEST_SUITE_P(
    Uri, GoodUriTest,
    testing::Values(
        GoodUri{"amqp://user:pass@host:5673/vhost?heartbeat=60",
                {{"host", 5673, false}, "user", "pass", "vhost", seconds(60)}},
        GoodUri{"amqps://host", {{"host", 5671, true}, "", "", "/", {}}},
        GoodUri{"amqp://host", {{"host", 5672, false}, "", "", "/", {}}},
        GoodUri{"amqp://host/", {{"host", 5672, false}, "", "", "/", {}}},
        GoodUri{"amqp://host:/%2F", {{"host", 5672, false}, "", "", "/", {}}},
        GoodUri{"amqp://host/%2fapps%20a", {{"host", 5672, false}, "", "", "/apps a", {}}},
        GoodUri{"amqp://host/a/b", {{"host", 5672, false}, "", "", "a/b", {}}},
        GoodUri{"amqp://ignored:eyJh.eyJz.s-_g@host:5672?heartbeat=60",
                {{"host", 5672, false}, "ignored", "eyJh.eyJz.s-_g", "/", seconds(60)}},
        GoodUri{"amqp://u%40x:p%3A%2C%23@[::1]:5672", {{"::1", 5672, false}, "u@x", "p:,#", "/", {}}},
        GoodUri{"AMQP://user@host", {{"host", 5672, false}, "user", "", "/", {}}},
        GoodUri{"amqp://host?heartbeat=0&frameMax=8192", {{"host", 5672, false}, "", "", "/", seconds(0)}}));

class BadUriTest : public testing::TestWithParam<std::string> {};

TEST_P(BadUriTest, IsRefusedWithoutQuotingIt) {
  const auto parsed = parse_amqp_uri(GetParam());
  ASSERT_FALSE(parsed);
  EXPECT_FALSE(parsed.error().empty());
  EXPECT_EQ(parsed.error().find("s3cret"), std::string::npos) << parsed.error();
}

INSTANTIATE_TEST_SUITE_P(Uri, BadUriTest,
                         testing::Values("", "host:5672", "http://u:s3cret@host", "amqp://", "amqp:///vhost",
                                         "amqp:host", "amqp://u:s3cret@:5672", "amqp://u:s3cret@host:0",
                                         "amqp://u:s3cret@host:65536", "amqp://u:s3cret@host:s3cret",
                                         "amqp://u:s3c ret@host", "amqp://u:12#s3cret@host",
                                         "amqp://u:s3cret%00@host", "amqp://u:s3cret@host?heartbeat=s3cret",
                                         "amqp://u:s3cret@host?heartbeat=-1",
                                         "amqp://u:s3cret@host?heartbeat=65536",
                                         "amqp://u:s3cret@host?s3cret=1"));

TEST(AmqpUris, TakesAListOfOneCluster) {
  const auto parsed =
      parse_amqp_uris("amqp://u:a,b@h1/v?heartbeat=5 , amqp://h2:5673,amqps://u:a,b@[::1]/v?heartbeat=5");
  ASSERT_TRUE(parsed) << parsed.error();
  EXPECT_EQ(parsed->addresses,
            (std::vector<Address>{{"h1", 5672, false}, {"h2", 5673, false}, {"::1", 5671, true}}));
  EXPECT_EQ(parsed->user, "u");
  EXPECT_EQ(parsed->password, "a,b");
  EXPECT_EQ(parsed->vhost, "v");
  EXPECT_EQ(parsed->heartbeat, seconds(5));
}

TEST(AmqpUris, RefusesOnesThatDisagree) {
  for (const std::string other :
       {"amqp://u:s3cret@h2", "amqp://x:p@h2", "amqp://h2/w", "amqp://h2?heartbeat=6"}) {
    const auto parsed = parse_amqp_uris("amqp://u:p@h1/v?heartbeat=5," + other);
    ASSERT_FALSE(parsed) << other;
    EXPECT_NE(parsed.error().find("URI 2"), std::string::npos) << parsed.error();
    EXPECT_EQ(parsed.error().find("s3cret"), std::string::npos) << parsed.error();
  }
}

TEST(AmqpUris, NamesTheOneThatIsWrong) {
  const auto parsed = parse_amqp_uris("amqp://h1,amqp://h2:0");
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().find("URI 2"), std::string::npos) << parsed.error();
}

TEST(AmqpHosts, TakesNamesPortsAndAddresses) {
  const auto hosts = parse_hosts("h1, h2:5673 ,[::1]:5674,[::1],127.0.0.1", 5672);
  ASSERT_TRUE(hosts) << hosts.error();
  EXPECT_EQ(*hosts, (std::vector<Address>{
                        {"h1", 5672}, {"h2", 5673}, {"::1", 5674}, {"::1", 5672}, {"127.0.0.1", 5672}}));
  EXPECT_EQ(parse_hosts("h", 5671, true)->front(), (Address{"h", 5671, true}));
}

TEST(AmqpHosts, RefusesTheRest) {
  for (const std::string text :
       {"", " ", "h1,", ",h1", "h1:x", "h1:0", "h1:70000", "::1", "u:s3cret@h", "amqp://h", "h 1", "h1/v"}) {
    const auto hosts = parse_hosts(text, 5672);
    ASSERT_FALSE(hosts) << text;
    EXPECT_EQ(hosts.error().find("s3cret"), std::string::npos) << hosts.error();
  }
}

TEST(AmqpAddress, IsShownAsAUri) {
  EXPECT_EQ(to_string(Address{"host", 5672, false}), "amqp://host:5672");
  EXPECT_EQ(to_string(Address{"::1", 5671, true}), "amqps://[::1]:5671");
}

}  // namespace
}  // namespace inboxd::rabbitmq
