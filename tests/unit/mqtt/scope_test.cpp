#include "mqtt/scope.hpp"

#include <gtest/gtest.h>

#include <string>

namespace inboxd::mqtt {
namespace {

struct Case {
  std::string pattern;
  std::string text;
  bool covered;
};

class PatternTable : public ::testing::TestWithParam<Case> {};

TEST_P(PatternTable, CoversWhatItSays) {
  const Case& test = GetParam();
  const auto pattern = Pattern::parse_key(test.pattern);
  EXPECT_EQ(pattern && pattern->covers(test.text), test.covered) << test.pattern << " on " << test.text;
}

INSTANTIATE_TEST_SUITE_P(
    Table, PatternTable,
    ::testing::Values(Case{"", "", true}, Case{"", "a", false}, Case{"a.b", "a/b", true},
                      Case{"a.b", "a/bc", false}, Case{"*", "", true}, Case{"*", "a/b/#", true},
                      Case{"**", "a", true}, Case{"a*", "a", true}, Case{"a.*", "a", false},
                      Case{"a.*", "a/", true}, Case{"a.*", "a/b/c", true}, Case{".a.*", "/a/b", true},
                      Case{"*.c", "a/b/c", true}, Case{"a.*.c", "a/c", false}, Case{"a.*.c", "a//c", true},
                      // neither end of a wildcard reaches into the other literal
                      Case{"ab*ba", "aba", false}, Case{"ab*ba", "abba", true}, Case{"a*a*a", "aa", false},
                      // a first find that is not the right one
                      Case{"*.update", "a/update/b/update", true}, Case{"a.*.b.*.c", "a/b/b/c/c", true},
                      Case{"*aab", "aaab", true}, Case{"*ab*ab*", "abxab", true},
                      Case{"*ab*ab*", "aabb", false},
                      // only a wildcard covers a wildcard
                      Case{"a.*", "a/#", true}, Case{"a.*", "a/+/b", true}, Case{"a.*.b", "a/+/b", true},
                      Case{"a.*.b", "a/#", false}, Case{"a.b", "a/+", false}, Case{"a.b.*", "a/+/c", false},
                      Case{"a.*", "#", false}, Case{"a.*", "+/b", false}, Case{"a.%2B", "a/+", false},
                      Case{"a.%23", "a/#", false}, Case{"a.+", "a/+", false}, Case{"a.#", "a/#", false},
                      // or a dot in a level
                      Case{"a.b", "a.b", false}, Case{"a.*", "a/b.c", true}, Case{"a.%2E", "a/.", false},
                      // escapes
                      Case{"a%2Fb", "a/b", false}, Case{"%61", "a", true}, Case{"%C3%bc", "\xC3\xBC", true},
                      Case{"a+b", "a b", true}, Case{"a%20b", "a b", true}, Case{"%2A", "*", true},
                      Case{"%2A", "a", false}, Case{"a%", "a%", false}, Case{"a%2", "a%2", false},
                      Case{"%zz", "%zz", false}, Case{"%252A", "%2A", true}, Case{"a%00", "a", false},
                      Case{"%00", "anything", false}, Case{std::string("a\0", 2), "ab", false}));

struct ScopeCase {
  const char* scope;
  bool grants;  ///< the right to read a/b
};

class ScopeTable : public ::testing::TestWithParam<ScopeCase> {};

TEST_P(ScopeTable, GrantsAsRabbitMqReadsIt) {
  const auto scope = parse_scope(GetParam().scope, "/");
  const bool grants = scope && scope->right == Right::kRead && scope->topics.covers("a/b");
  EXPECT_EQ(grants, GetParam().grants) << GetParam().scope;
}

INSTANTIATE_TEST_SUITE_P(
    Table, ScopeTable,
    ::testing::Values(
        ScopeCase{"rabbitmq.read:%2F/amq.topic/a.b", true}, ScopeCase{"rabbitmq.read:*/*/*", true},
        ScopeCase{"rabbitmq.read:%2f/amq*/a.*", true}, ScopeCase{"rabbitmq.write:%2F/amq.topic/a.b", false},
        ScopeCase{"rabbitmq.configure:*/*/*", false}, ScopeCase{"rabbitmq.tag:administrator", false},
        ScopeCase{"read:*/*/*", false}, ScopeCase{"Rabbitmq.read:*/*/*", false},
        ScopeCase{"rabbitmq.read:other/*/*", false}, ScopeCase{"rabbitmq.read:%2F/amq.direct/*", false},
        // the queues that an MQTT client has on RabbitMQ
        ScopeCase{"rabbitmq.read:%2F/mqtt-subscription-*", false},
        // no routing key: a right to the exchange alone
        ScopeCase{"rabbitmq.read:*/*", false}, ScopeCase{"rabbitmq.read:*", false},
        ScopeCase{"rabbitmq.read:", false}, ScopeCase{"", false},
        // four parts are no scope; a slash of the virtual host must be escaped
        ScopeCase{"rabbitmq.read:*/*/*/*", false}, ScopeCase{"rabbitmq.read:*/*/a/b", false},
        ScopeCase{"rabbitmq.read:///amq.topic/*", false}, ScopeCase{"rabbitmq.read:%2/*/*", false},
        ScopeCase{"rabbitmq.read:*/%/*", false}, ScopeCase{" rabbitmq.read:*/*/*", false}));

TEST(Pattern, LongTextsAndManyWildcardsTakeNoLongTime) {
  std::string encoded;
  for (int i = 0; i < 4'000; ++i) encoded += "a*";
  const auto pattern = Pattern::parse_key(encoded + "b").value();
  EXPECT_FALSE(pattern.covers(std::string(65'535, 'a')));
  EXPECT_TRUE(pattern.covers(std::string(65'534, 'a') + "b"));
}

}  // namespace
}  // namespace inboxd::mqtt
