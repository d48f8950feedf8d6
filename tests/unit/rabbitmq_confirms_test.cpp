#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "rabbitmq/confirms.hpp"

namespace inboxd::rabbitmq {
namespace {

TEST(ConfirmTracker, CountsFromOneWithoutGaps) {
  ConfirmTracker tracker;
  EXPECT_EQ(tracker.publish(3), 3U);
  EXPECT_EQ(tracker.publish(0), 3U);
  EXPECT_EQ(tracker.publish(2), 5U);
  EXPECT_EQ(tracker.confirmed(), 0U);
  EXPECT_EQ(tracker.published(), 5U);
}

TEST(ConfirmTracker, WaitsForTheOldest) {
  ConfirmTracker tracker;
  tracker.publish(4);
  EXPECT_TRUE(tracker.confirm(2, false));
  EXPECT_TRUE(tracker.confirm(3, false));
  EXPECT_EQ(tracker.confirmed(), 0U);
  EXPECT_TRUE(tracker.confirm(1, false));
  EXPECT_EQ(tracker.confirmed(), 3U);
  EXPECT_EQ(tracker.published(), 4U);
}

TEST(ConfirmTracker, TakesSeveralAtOnce) {
  ConfirmTracker tracker;
  tracker.publish(6);
  EXPECT_TRUE(tracker.confirm(5, false));
  EXPECT_TRUE(tracker.confirm(4, true));
  EXPECT_EQ(tracker.confirmed(), 5U);
  EXPECT_TRUE(tracker.confirm(3, true)) << "what is confirmed already may be covered again";
  EXPECT_EQ(tracker.confirmed(), 5U);
  EXPECT_TRUE(tracker.confirm(0, true)) << "all there are";
  EXPECT_EQ(tracker.confirmed(), 6U);
  EXPECT_TRUE(tracker.confirm(0, true));
}

TEST(ConfirmTracker, RefusesWhatCannotBe) {
  ConfirmTracker tracker;
  EXPECT_FALSE(tracker.confirm(1, false));
  EXPECT_FALSE(tracker.confirm(1, true));
  tracker.publish(3);
  EXPECT_FALSE(tracker.confirm(0, false));
  EXPECT_FALSE(tracker.confirm(4, false));
  EXPECT_TRUE(tracker.confirm(2, false));
  EXPECT_FALSE(tracker.confirm(2, false)) << "twice, out of turn";
  EXPECT_TRUE(tracker.confirm(1, false));
  EXPECT_FALSE(tracker.confirm(1, false)) << "twice, in turn";
  EXPECT_EQ(tracker.confirmed(), 2U);
}

TEST(ConfirmTracker, TakesAnyOrder) {
  constexpr std::uint64_t kCount = 211;  // prime, so that each stride below visits every tag once
  for (std::uint64_t stride = 1; stride < kCount; stride += 3) {
    ConfirmTracker tracker;
    tracker.publish(kCount);
    std::vector<bool> seen(kCount + 2, false);
    std::uint64_t expected = 0;
    for (std::uint64_t i = 0; i < kCount; ++i) {
      const std::uint64_t tag = i * stride % kCount + 1;
      ASSERT_TRUE(tracker.confirm(tag, false));
      seen[tag] = true;
      while (seen[expected + 1]) ++expected;
      ASSERT_EQ(tracker.confirmed(), expected);
    }
    ASSERT_EQ(tracker.confirmed(), kCount);
  }
}

}  // namespace
}  // namespace inboxd::rabbitmq
