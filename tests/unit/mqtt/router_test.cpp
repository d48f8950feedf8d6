#include "mqtt/router.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace inboxd::mqtt {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr SessionId kOne{1};
constexpr SessionId kTwo{2};
constexpr SessionId kThree{3};

class RouterTest : public ::testing::Test {
 protected:
  std::vector<Match> matches(std::string_view topic, SessionId publisher = kNoSession) {
    std::vector<Match> found;
    router_.match(
        topic, publisher, [this](SessionId id) { return !offline_.contains(id); }, found);
    return found;
  }

  std::vector<SessionId> sessions(std::string_view topic, SessionId publisher = kNoSession) {
    std::vector<SessionId> ids;
    for (const Match& match : matches(topic, publisher)) ids.push_back(match.session);
    return ids;
  }

  /// Who gets each of `count` messages to one topic, which one session is to get.
  std::vector<SessionId> turns(std::string_view topic, std::size_t count) {
    std::vector<SessionId> ids;
    for (std::size_t i = 0; i < count; ++i) {
      const auto got = sessions(topic);
      EXPECT_EQ(got.size(), 1U);
      ids.insert(ids.end(), got.begin(), got.end());
    }
    return ids;
  }

  Router router_{{"apps/tilechat/users", "/apps/tilechat/users"}};
  std::set<SessionId> offline_;
};

struct FilterCase {
  const char* filter;
  const char* topic;
  bool matches;
};

class RouterFilters : public ::testing::TestWithParam<FilterCase> {};

TEST_P(RouterFilters, TakeTheirTopics) {
  const FilterCase& test = GetParam();
  Router router({"users", "/users"});
  ASSERT_TRUE(router.subscribe(kOne, test.filter, {}));
  std::vector<Match> found;
  router.match(
      test.topic, kNoSession, [](SessionId) { return true; }, found);
  EXPECT_EQ(found.size(), test.matches ? 1U : 0U) << test.filter << " on " << test.topic;
  EXPECT_TRUE(router.unsubscribe(kOne, test.filter));
  EXPECT_EQ(router.counts().total(), 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RouterFilters,
    ::testing::Values(
        FilterCase{"a/b", "a/b", true}, FilterCase{"a/b", "a/b/c", false}, FilterCase{"a/b", "a", false},
        FilterCase{"a/+", "a/b", true}, FilterCase{"a/+", "a/", true}, FilterCase{"a/+", "a", false},
        FilterCase{"+", "/a", false}, FilterCase{"+/+", "/a", true}, FilterCase{"a/+/c", "a/b/c", true},
        FilterCase{"a/#", "a", true}, FilterCase{"a/#", "a/b/c", true}, FilterCase{"a/#", "ab", false},
        FilterCase{"#", "a/b", true}, FilterCase{"a/+/#", "a/b", true}, FilterCase{"a/+/#", "a", false},
        // Topics of the server are not for wildcards (MQTT-4.7.2-1).
        FilterCase{"#", "$SYS/x", false}, FilterCase{"+/x", "$SYS/x", false},
        FilterCase{"$SYS/#", "$SYS/x", true}, FilterCase{"$SYS/+", "$SYS/x", true},
        FilterCase{"a/#", "a/$x", true}, FilterCase{"a/+", "a/$x", true},
        // Inboxes, and what only looks like one.
        FilterCase{"users/al/#", "users/al/x/y", true}, FilterCase{"users/al/#", "users/al", true},
        FilterCase{"users/al/#", "users/alice/x", false}, FilterCase{"users/alice/#", "users/al/x", false},
        FilterCase{"/users/al/#", "users/al/x", false}, FilterCase{"/users/al/#", "/users/al/x", true},
        FilterCase{"users/+/#", "users/al/x", true}, FilterCase{"users/#", "users/al/x", true},
        FilterCase{"users//#", "users//x", true}, FilterCase{"users/al/x/#", "users/al/x/y", true},
        FilterCase{"users/al/x/#", "users/al/y", false}, FilterCase{"users/al", "users/al", true},
        FilterCase{"$share/g/users/al/#", "users/al/x", true}, FilterCase{"$share/g/#", "a/b", true},
        FilterCase{"$share/g/#", "$SYS/x", false}, FilterCase{"$share/g//a", "/a", true}));

TEST_F(RouterTest, KnowsWhetherASubscriptionIsNew) {
  for (const char* filter : {"a/+", "apps/tilechat/users/al/#", "$share/g/a/+"}) {
    EXPECT_TRUE(router_.subscribe(kOne, filter, {}));
    EXPECT_FALSE(router_.subscribe(kOne, filter, {Qos::kExactlyOnce}));
    EXPECT_TRUE(router_.subscribe(kTwo, filter, {}));
    EXPECT_TRUE(router_.unsubscribe(kOne, filter));
    EXPECT_FALSE(router_.unsubscribe(kOne, filter));
    EXPECT_FALSE(router_.unsubscribe(kOne, std::string(filter) + "x"));
  }
  EXPECT_EQ(router_.counts().inbox, 1U);
  EXPECT_EQ(router_.counts().other, 1U);
  EXPECT_EQ(router_.counts().shared, 1U);
}

TEST_F(RouterTest, ASubscriptionThatIsMadeAgainHasItsNewOptions) {
  router_.subscribe(kOne, "a", {Qos::kExactlyOnce, false, true, 7});
  router_.subscribe(kOne, "a", {Qos::kAtLeastOnce, false, false, 8});
  const auto found = matches("a");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].qos, Qos::kAtLeastOnce);
  EXPECT_FALSE(found[0].retain_as_published);
  EXPECT_THAT(found[0].ids, ElementsAre(8));
}

TEST_F(RouterTest, OverlappingSubscriptionsMakeOneMatchWithTheHighestQosAndAllIds) {
  const std::string topic = "apps/tilechat/users/al/x";
  router_.subscribe(kOne, "apps/tilechat/users/al/#", {Qos::kAtMostOnce, false, false, 3});
  router_.subscribe(kOne, "apps/#", {Qos::kExactlyOnce, false, true, 0});
  router_.subscribe(kOne, topic, {Qos::kAtLeastOnce, false, false, 5});
  router_.subscribe(kTwo, topic, {Qos::kAtMostOnce, false, false, 0});
  const auto found = matches(topic);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].session, kOne);
  EXPECT_EQ(found[0].qos, Qos::kExactlyOnce);
  EXPECT_TRUE(found[0].retain_as_published);
  EXPECT_THAT(found[0].ids, UnorderedElementsAre(3, 5));
  EXPECT_EQ(found[1].session, kTwo);
  EXPECT_THAT(found[1].ids, IsEmpty());
}

TEST_F(RouterTest, NoLocalHoldsForItsOwnSubscriptionOnly) {
  router_.subscribe(kOne, "a/#", {Qos::kExactlyOnce, true, true, 1});
  EXPECT_THAT(sessions("a/b", kOne), IsEmpty());
  EXPECT_THAT(sessions("a/b", kTwo), ElementsAre(kOne));
  router_.subscribe(kOne, "a/b", {Qos::kAtMostOnce, false, false, 2});
  const auto found = matches("a/b", kOne);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].qos, Qos::kAtMostOnce);
  EXPECT_THAT(found[0].ids, ElementsAre(2));
}

TEST_F(RouterTest, AppendsToWhatTheCallerHas) {
  router_.subscribe(kOne, "#", {});
  router_.subscribe(kOne, "a", {});
  std::vector<Match> into(1);
  into[0].session = kOne;
  router_.match(
      "a", kNoSession, [](SessionId) { return true; }, into);
  EXPECT_EQ(into.size(), 2U);
}

TEST_F(RouterTest, SharedSubscriptionsTakeTurns) {
  for (const SessionId id : {kOne, kTwo, kThree}) router_.subscribe(id, "$share/g/a/#", {});
  EXPECT_THAT(turns("a/b", 6), ElementsAre(kOne, kTwo, kThree, kOne, kTwo, kThree));
}

TEST_F(RouterTest, SharedSubscriptionsPassOverWhoIsOfflineWhileAnybodyIsOnline) {
  for (const SessionId id : {kOne, kTwo, kThree}) router_.subscribe(id, "$share/g/a", {});
  offline_ = {kTwo};
  EXPECT_THAT(turns("a", 4), ElementsAre(kOne, kThree, kOne, kThree));
  offline_ = {kOne, kTwo, kThree};
  EXPECT_THAT(turns("a", 3), UnorderedElementsAre(kOne, kTwo, kThree));
}

TEST_F(RouterTest, GroupsAndFiltersAreSharedApart) {
  router_.subscribe(kOne, "$share/g/a", {});
  router_.subscribe(kTwo, "$share/h/a", {});
  router_.subscribe(kThree, "$share/g/+", {});
  EXPECT_THAT(sessions("a"), UnorderedElementsAre(kOne, kTwo, kThree));
  EXPECT_FALSE(router_.unsubscribe(kOne, "a"));
  EXPECT_FALSE(router_.unsubscribe(kOne, "$share/h/a"));
}

TEST_F(RouterTest, AMemberThatLeavesDoesNotStopTheTurns) {
  for (const SessionId id : {kOne, kTwo, kThree}) router_.subscribe(id, "$share/g/a", {});
  EXPECT_THAT(turns("a", 2), ElementsAre(kOne, kTwo));
  router_.unsubscribe(kThree, "$share/g/a");
  EXPECT_THAT(turns("a", 2), UnorderedElementsAre(kOne, kTwo));
  router_.unsubscribe(kOne, "$share/g/a");
  EXPECT_THAT(turns("a", 2), ElementsAre(kTwo, kTwo));
}

TEST_F(RouterTest, DepthIsCountedInLevels) {
  std::string filter = "a";
  for (std::size_t level = 1; level < kMaxFilterLevels; ++level) filter += "/+";
  EXPECT_FALSE(is_too_deep(filter));
  EXPECT_TRUE(is_too_deep(filter + "/a"));
}

TEST_F(RouterTest, TheLongestTopicIsNoWorkForTheDeepestFilters) {
  std::string filter = "+";
  for (std::size_t level = 1; level < kMaxFilterLevels; ++level) filter += "/+";
  router_.subscribe(kOne, filter, {});
  router_.subscribe(kTwo, "+/+/#", {});
  EXPECT_THAT(sessions(std::string(65'535, '/')), ElementsAre(kTwo));
}

TEST_F(RouterTest, WildcardsWithoutEndDoNotMultiply) {
  // Every mixture of `a` and `+` in 12 levels: all of them match, each once.
  constexpr std::size_t kLevels = 12;
  for (std::uint64_t bits = 0; bits < (1U << kLevels); ++bits) {
    std::string filter;
    for (std::size_t level = 0; level < kLevels; ++level) filter += ((bits >> level) & 1U) != 0 ? "a/" : "+/";
    router_.subscribe(SessionId{bits + 1}, filter + "#", {});
  }
  std::string topic = "a";
  for (std::size_t level = 1; level < 10'000; ++level) topic += "/a";
  EXPECT_EQ(sessions(topic).size(), 1U << kLevels);
}

}  // namespace
}  // namespace inboxd::mqtt
