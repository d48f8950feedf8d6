#include "mqtt/topic.hpp"

#include <gtest/gtest.h>

#include <string>

namespace inboxd::mqtt {
namespace {

using namespace std::string_literals;

struct TextCase {
  std::string text;
  bool is_topic;
  bool is_filter;
};

// 4.7.1, 4.7.3, 4.8.2; the examples are those of the standard where it has them.
const TextCase kTexts[] = {
    {"", false, false},
    {"/", true, true},
    {"a", true, true},
    {"/a//b/", true, true},
    {"Accounts payable", true, true},
    {"$SYS/x", true, true},
    {"\xd0\xbf\xd1\x80\xd0\xb8", true, true},
    {"\xef\xbb\xbf"
     "a",
     true, true},
    {"a\0b"s, false, false},
    {"a\xff", false, false},
    {"a\xed\xa0\x80", false, false},
    {std::string(65'535, 'a'), true, true},
    {std::string(65'536, 'a'), false, false},
    {"#", false, true},
    {"a/#", false, true},
    {"a#", false, false},
    {"a/b#", false, false},
    {"a/#/b", false, false},
    {"##", false, false},
    {"#/", false, false},
    {"+", false, true},
    {"+/tennis/#", false, true},
    {"sport+", false, false},
    {"sport/+/player1", false, true},
    {"a/+b", false, false},
    {"++", false, false},
    {"+#", false, false},
    {"$share/consumer1//finance", true, true},
    {"$share/g/#", false, true},
    {"$share/g/+/a", false, true},
    {"$share/g/a#", false, false},
    {"$share/g", true, false},
    {"$share/g/", true, false},
    {"$share//a", true, false},
    {"$share/", true, false},
    {"$share/+/a", false, false},
    {"$share/g#/a", false, false},
    {"$share/#", false, false},
    {"$share", true, true},
    {"$shared/g/a", true, true},
};

TEST(MqttTopicTest, SaysWhatIsATopicAndWhatAFilter) {
  for (const TextCase& c : kTexts) {
    EXPECT_EQ(is_valid_topic(c.text), c.is_topic) << c.text.substr(0, 80);
    EXPECT_EQ(is_valid_filter(c.text), c.is_filter) << c.text.substr(0, 80);
  }
}

struct MatchCase {
  const char* filter;
  const char* topic;
  bool matches;
};

const MatchCase kMatches[] = {
    // 4.7.1.2
    {"sport/tennis/player1/#", "sport/tennis/player1", true},
    {"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
    {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
    {"sport/tennis/player1/#", "sport/tennis/player2", false},
    {"sport/tennis/player1/#", "sport/tennis/player11", false},
    {"sport/#", "sport", true},
    {"sport/#", "sport/", true},
    {"sport/#", "sports", false},
    {"#", "a", true},
    {"#", "/", true},
    {"#", "a/b/c", true},
    // 4.7.1.3
    {"sport/tennis/+", "sport/tennis/player1", true},
    {"sport/tennis/+", "sport/tennis/player1/ranking", false},
    {"sport/+", "sport", false},
    {"sport/+", "sport/", true},
    {"+", "finance", true},
    {"+", "/finance", false},
    {"/+", "/finance", true},
    {"+/+", "/finance", true},
    {"+/b/#", "a/b", true},
    {"+/#", "a", true},
    {"a/+/c", "a//c", true},
    {"a/+/c", "a/b/d", false},
    {"a/+/#", "a", false},
    {"a/+/#", "a/b", true},
    // 4.7.2
    {"#", "$SYS/a", false},
    {"+/monitor/Clients", "$SYS/monitor/Clients", false},
    {"$SYS/#", "$SYS/a", true},
    {"$SYS/#", "$SYS", true},
    {"$SYS/monitor/+", "$SYS/monitor/Clients", true},
    {"a/#", "a/$b", true},
    {"a/+", "a/$b", true},
    // 4.7.3
    {"ACCOUNTS", "Accounts", false},
    {"/a", "a", false},
    {"a", "a/", false},
    {"a/", "a", false},
    {"a/b", "a", false},
    {"a", "a/b", false},
    {"a//b", "a//b", true},
    {"/", "/", true},
    {"a b", "a b", true},
};

TEST(MqttTopicTest, Matches) {
  for (const MatchCase& c : kMatches) {
    EXPECT_EQ(matches(c.filter, c.topic), c.matches) << c.filter << " and " << c.topic;
  }
}

TEST(MqttTopicTest, TakesASharedFilterApart) {
  const auto shared = shared_filter("$share/consumer1/sport/tennis/+");
  ASSERT_TRUE(shared);
  EXPECT_EQ(shared->group, "consumer1");
  EXPECT_EQ(shared->filter, "sport/tennis/+");
  const auto leading_slash = shared_filter("$share/consumer1//finance");
  ASSERT_TRUE(leading_slash);
  EXPECT_EQ(leading_slash->filter, "/finance");
}

TEST(MqttTopicTest, FiltersOfOtherFormsAreNotShared) {
  for (const char* filter : {"a", "$share", "$share/", "$share/g", "$share/g/", "$share//a", "$share/+/a",
                             "$share/#/a", "$shared/g/a", "x/$share/g/a", ""}) {
    EXPECT_FALSE(shared_filter(filter)) << filter;
  }
  EXPECT_TRUE(is_shared("$share/g"));
  EXPECT_FALSE(is_shared("$share"));
}

}  // namespace
}  // namespace inboxd::mqtt
