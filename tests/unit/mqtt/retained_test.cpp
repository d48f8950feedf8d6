#include "mqtt/retained.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "mqtt/topic.hpp"

namespace inboxd::mqtt {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

MessagePtr message(std::string topic, std::string payload = "x", Millis expires_at = 0) {
  Message made;
  made.topic = std::move(topic);
  made.payload = std::make_shared<const std::string>(std::move(payload));
  made.expires_at = expires_at;
  return std::make_shared<const Message>(std::move(made));
}

std::vector<std::string> topics(const Retained& retained, std::string_view filter, Millis now = 0) {
  std::vector<std::string> found;
  for (const MessagePtr& one : retained.find(filter, now)) found.push_back(one->topic);
  return found;
}

TEST(Retained, FindsByFilter) {
  Retained retained;
  for (const char* topic : {"a", "a/b", "a/b/c", "a!b", "ab", "b/b", "$SYS/a", "/a"}) {
    EXPECT_TRUE(retained.put(message(topic)));
  }
  EXPECT_THAT(topics(retained, "a"), ElementsAre("a"));
  EXPECT_THAT(topics(retained, "a/#"), ElementsAre("a", "a/b", "a/b/c"));
  EXPECT_THAT(topics(retained, "a/+"), ElementsAre("a/b"));
  EXPECT_THAT(topics(retained, "a/+/#"), ElementsAre("a/b", "a/b/c"));
  EXPECT_THAT(topics(retained, "+/b"), ElementsAre("a/b", "b/b"));
  EXPECT_THAT(topics(retained, "#"), ElementsAre("/a", "a", "a!b", "a/b", "a/b/c", "ab", "b/b"));
  EXPECT_THAT(topics(retained, "$SYS/#"), ElementsAre("$SYS/a"));
  EXPECT_THAT(topics(retained, "/#"), ElementsAre("/a"));
  EXPECT_THAT(topics(retained, "c/#"), IsEmpty());
}

TEST(Retained, KeepsTheLastOfATopic) {
  Retained retained;
  retained.put(message("a", "first"));
  const std::size_t bytes = retained.bytes();
  EXPECT_TRUE(retained.put(message("a", "other")));
  EXPECT_EQ(retained.size(), 1U);
  EXPECT_EQ(retained.bytes(), bytes);
  EXPECT_EQ(*retained.find("a", 0).at(0)->payload, "other");
  EXPECT_TRUE(retained.remove("a"));
  EXPECT_FALSE(retained.remove("a"));
  EXPECT_EQ(retained.bytes(), 0U);
}

TEST(Retained, RefusesMoreMessagesThanItsLimit) {
  Retained retained({2, 1'000'000});
  EXPECT_TRUE(retained.put(message("a")));
  EXPECT_TRUE(retained.put(message("b")));
  EXPECT_FALSE(retained.put(message("c")));
  EXPECT_TRUE(retained.put(message("b", "other"))) << "takes no more room";
  EXPECT_THAT(topics(retained, "#"), ElementsAre("a", "b"));
  retained.remove("a");
  EXPECT_TRUE(retained.put(message("c")));
}

TEST(Retained, RefusesMoreBytesThanItsLimitAndKeepsWhatItHad) {
  Retained retained({100, 2'000});
  EXPECT_TRUE(retained.put(message("a", std::string(1'000, 'x'))));
  EXPECT_FALSE(retained.put(message("b", std::string(1'000, 'x'))));
  EXPECT_FALSE(retained.put(message("a", std::string(2'000, 'y'))));
  EXPECT_EQ(retained.find("a", 0).at(0)->payload->size(), 1'000U);
  EXPECT_TRUE(retained.put(message("a", std::string(1'500, 'z'))));
  EXPECT_LE(retained.bytes(), 2'000U);
}

TEST(Retained, CountsPropertiesToo) {
  Properties properties;
  properties.user_properties.emplace_back("name", std::string(5'000, 'v'));
  Message made;
  made.topic = "a";
  made.payload = std::make_shared<const std::string>("x");
  made.properties = std::make_shared<const Properties>(std::move(properties));
  Retained retained({100, 4'000});
  EXPECT_FALSE(retained.put(std::make_shared<const Message>(std::move(made))));
}

TEST(Retained, DoesNotFindWhatHasExpired) {
  Retained retained;
  retained.put(message("a", "x", 100));
  retained.put(message("a/b", "x", 200));
  retained.put(message("a/c"));
  EXPECT_THAT(topics(retained, "a/#", 99), ElementsAre("a", "a/b", "a/c"));
  EXPECT_THAT(topics(retained, "a/#", 100), ElementsAre("a/b", "a/c"));
  EXPECT_THAT(topics(retained, "a", 100), IsEmpty());
  EXPECT_THAT(topics(retained, "a/#", 1'000), ElementsAre("a/c"));
}

TEST(Retained, SweepsInBoundedStepsAllTheWayRound) {
  Retained retained;
  for (const char* topic : {"a", "c", "e"}) retained.put(message(topic, "x", 100));
  for (const char* topic : {"b", "d"}) retained.put(message(topic));
  EXPECT_THAT(retained.sweep(99, 10), IsEmpty());
  EXPECT_THAT(retained.sweep(100, 2), ElementsAre("a"));
  EXPECT_THAT(retained.sweep(100, 2), ElementsAre("c"));
  EXPECT_THAT(retained.sweep(100, 2), ElementsAre("e"));
  EXPECT_THAT(topics(retained, "#", 0), ElementsAre("b", "d"));
  retained.put(message("a", "x", 100));
  EXPECT_THAT(retained.sweep(100, 10), ElementsAre("a"));
}

/// Every operation against a plain map.
TEST(Retained, AgreesWithAMapOverRandomOperations) {
  std::mt19937 random(7);
  const std::vector<std::string> levels = {"a", "b", "a!", "", "$S"};
  const auto topic = [&] {
    std::string text = levels[random() % levels.size()];
    for (std::size_t more = random() % 3; more > 0; --more) text += "/" + levels[random() % levels.size()];
    return text.empty() ? std::string("a") : text;
  };
  Retained retained;
  std::map<std::string, Millis> model;
  for (Millis now = 1; now < 2'000; ++now) {
    const std::string name = topic();
    const auto expires =
        static_cast<Millis>(random() % 3 == 0 ? now + static_cast<Millis>(random() % 40) : 0);
    if (random() % 4 != 0) {
      ASSERT_TRUE(retained.put(message(name, "x", expires)));
      model[name] = expires;
    } else {
      ASSERT_EQ(retained.remove(name), model.erase(name) == 1);
    }
    for (const std::string& gone : retained.sweep(now, random() % 4)) {
      ASSERT_TRUE(model[gone] != 0 && model[gone] <= now) << gone;
      model.erase(gone);
    }
    for (const std::string& filter : {std::string("#"), std::string("+/+"), name, name + "/#", name + "/+"}) {
      std::vector<std::string> expected;
      for (const auto& [text, end] : model) {
        if (matches(filter, text) && (end == 0 || end > now)) expected.push_back(text);
      }
      auto found = topics(retained, filter, now);
      ASSERT_TRUE(std::is_sorted(found.begin(), found.end()));
      ASSERT_EQ(found, expected) << filter;
    }
  }
}

}  // namespace
}  // namespace inboxd::mqtt
