#include "core/token_bucket.hpp"

#include <gtest/gtest.h>

namespace inboxd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const TokenBucket::Time kStart{};

/// How many are let through at that time, up to 1000.
int taken(TokenBucket& bucket, const BucketLimit& limit, TokenBucket::Time now) {
  int count = 0;
  while (count < 1'000 && bucket.wait(limit, now).count() == 0) {
    bucket.take();
    ++count;
  }
  return count;
}

TEST(TokenBucketTest, WithoutCapacityThereIsNoLimit) {
  EXPECT_FALSE((BucketLimit{0, 30}.limits()));
  EXPECT_TRUE((BucketLimit{0.5, 0}.limits()));
}

TEST(TokenBucketTest, StartsFullAndRefillsUpToItsCapacity) {
  const BucketLimit limit{3, 60};
  TokenBucket bucket(limit, kStart);
  EXPECT_EQ(taken(bucket, limit, kStart), 3);
  EXPECT_EQ(taken(bucket, limit, kStart + milliseconds(999)), 0);
  EXPECT_EQ(taken(bucket, limit, kStart + milliseconds(1'000)), 1);
  EXPECT_EQ(taken(bucket, limit, kStart + seconds(3)), 2);
  EXPECT_EQ(taken(bucket, limit, kStart + std::chrono::hours(1)), 3);
}

struct WaitCase {
  BucketLimit limit;
  milliseconds wait;  ///< of an empty bucket
};

TEST(TokenBucketTest, SaysHowLongItTakes) {
  const WaitCase cases[] = {
      {{1, 60}, seconds(1)},          {{1, 30}, seconds(2)},         {{1, 120}, milliseconds(500)},
      {{1, 60'000}, milliseconds(1)}, {{1, 7}, milliseconds(8'572)}, {{1, 0}, milliseconds::max()},
  };
  for (const WaitCase& c : cases) {
    TokenBucket bucket(c.limit, kStart);
    bucket.take();
    EXPECT_EQ(bucket.wait(c.limit, kStart), c.wait) << c.limit.per_minute;
  }
}

TEST(TokenBucketTest, WhoWaitsAsLongAsHeWasToldToMayGoOn) {
  for (int per_minute = 1; per_minute <= 1'000; ++per_minute) {
    const BucketLimit limit{2, static_cast<double>(per_minute) / 3};
    TokenBucket bucket(limit, kStart);
    TokenBucket::Time now = kStart;
    for (int i = 0; i < 20; ++i) {
      now += bucket.wait(limit, now);
      ASSERT_EQ(bucket.wait(limit, now).count(), 0) << per_minute;
      bucket.take();
    }
  }
}

TEST(TokenBucketTest, LooksOftenTakenAddUpToTheSameRefill) {
  const BucketLimit limit{1, 30};
  TokenBucket bucket(limit, kStart);
  bucket.take();
  for (int i = 1; i < 2'000; ++i) ASSERT_GT(bucket.wait(limit, kStart + milliseconds(i)).count(), 0) << i;
  EXPECT_EQ(bucket.wait(limit, kStart + milliseconds(2'000)).count(), 0);
}

// 30 a minute, divided by 64 instances.
TEST(TokenBucketTest, APartOfALimitThatIsLessThanOneLetsOneThroughAllTheSame) {
  const BucketLimit limit{30.0 / 64, 30.0 / 64};
  TokenBucket bucket(limit, kStart);
  EXPECT_EQ(taken(bucket, limit, kStart), 1);
  EXPECT_EQ(taken(bucket, limit, kStart + seconds(127)), 0);
  EXPECT_EQ(taken(bucket, limit, kStart + seconds(128)), 1);
  EXPECT_EQ(taken(bucket, limit, kStart + std::chrono::hours(9)), 1);
}

}  // namespace
}  // namespace inboxd
