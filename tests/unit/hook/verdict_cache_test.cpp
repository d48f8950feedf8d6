#include "hook/verdict_cache.hpp"

#include <gtest/gtest.h>

#include <string>

namespace inboxd::hook {
namespace {

using Kind = HookVerdict::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr VerdictCache::Time kStart{seconds(1000)};
const HookVerdict kAllow{.kind = Kind::kAllow};
const HookVerdict kSpam{.kind = Kind::kReject, .code = "spam", .message = "Not here"};

QuestionKey key(unsigned char number) {
  QuestionKey key{};
  key[0] = number;
  return key;
}

TEST(HookVerdictCacheTest, HoldsForItsTime) {
  VerdictCache cache(10 * VerdictCache::kEntryBytes);
  EXPECT_EQ(cache.find(key(1), kStart), nullptr);
  cache.put(key(1), kSpam, seconds(30), kStart);
  cache.put(key(2), kAllow, seconds(10), kStart);
  ASSERT_NE(cache.find(key(1), kStart + milliseconds(29'999)), nullptr);
  EXPECT_EQ(*cache.find(key(1), kStart), kSpam);
  EXPECT_EQ(cache.find(key(2), kStart + seconds(10)), nullptr);
  EXPECT_EQ(cache.find(key(1), kStart + seconds(30)), nullptr);
  EXPECT_EQ(cache.size(), 0U) << "what is over is not kept";
}

TEST(HookVerdictCacheTest, TheLastOneCounts) {
  VerdictCache cache(10 * VerdictCache::kEntryBytes);
  cache.put(key(1), kSpam, seconds(30), kStart);
  cache.put(key(1), kAllow, seconds(5), kStart);
  EXPECT_EQ(*cache.find(key(1), kStart), kAllow);
  EXPECT_EQ(cache.find(key(1), kStart + seconds(5)), nullptr);
}

TEST(HookVerdictCacheTest, DoesNotKeepWhatHoldsForNoTimeOrIsNoVerdict) {
  VerdictCache cache(10 * VerdictCache::kEntryBytes);
  cache.put(key(1), kAllow, seconds(0), kStart);
  cache.put(key(2), HookVerdict{}, seconds(30), kStart);
  EXPECT_EQ(cache.size(), 0U);
}

TEST(HookVerdictCacheTest, TheOnesUsedLastStay) {
  VerdictCache cache(3 * VerdictCache::kEntryBytes);
  for (const QuestionKey& each : {key(1), key(2), key(3)}) cache.put(each, kAllow, seconds(30), kStart);
  ASSERT_NE(cache.find(key(1), kStart), nullptr);
  cache.put(key(4), kAllow, seconds(30), kStart);
  EXPECT_EQ(cache.size(), 3U);
  EXPECT_NE(cache.find(key(1), kStart), nullptr);
  EXPECT_EQ(cache.find(key(2), kStart), nullptr);
}

TEST(HookVerdictCacheTest, TextsCount) {
  VerdictCache cache(10 * VerdictCache::kEntryBytes);
  HookVerdict heavy{.kind = Kind::kAllow, .text = std::string(8 * VerdictCache::kEntryBytes, 't')};
  cache.put(key(1), kAllow, seconds(30), kStart);
  cache.put(key(2), heavy, seconds(30), kStart);
  EXPECT_EQ(cache.size(), 2U);
  cache.put(key(3), kSpam, seconds(30), kStart);
  EXPECT_EQ(cache.find(key(1), kStart), nullptr);
  heavy.attributes = std::string(8 * VerdictCache::kEntryBytes, 'a');
  cache.put(key(4), heavy, seconds(30), kStart);
  EXPECT_EQ(cache.find(key(4), kStart), nullptr) << "heavier than the whole cache";
}

}  // namespace
}  // namespace inboxd::hook
