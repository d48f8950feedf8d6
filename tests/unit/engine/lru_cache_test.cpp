#include "engine/lru_cache.hpp"

#include <gtest/gtest.h>

#include <string>

namespace inboxd {
namespace {

TEST(LruCacheTest, ForgetsWhatWasUsedLongestAgo) {
  LruCache<int, std::string> cache(2);
  cache.put(1, "one");
  cache.put(2, "two");
  ASSERT_NE(cache.find(1), nullptr);
  cache.put(3, "three");
  EXPECT_EQ(cache.find(2), nullptr);
  EXPECT_EQ(*cache.find(1), "one");
  EXPECT_EQ(*cache.find(3), "three");
}

TEST(LruCacheTest, KeepsToItsWeight) {
  LruCache<int, std::string> cache(10);
  cache.put(1, "a", 4);
  cache.put(2, "b", 4);
  cache.put(3, "c", 8);
  EXPECT_EQ(cache.find(1), nullptr);
  EXPECT_EQ(cache.find(2), nullptr);
  EXPECT_NE(cache.find(3), nullptr);
  cache.put(4, "too heavy", 11);
  EXPECT_EQ(cache.find(4), nullptr);
  EXPECT_EQ(cache.size(), 1U);
}

TEST(LruCacheTest, ReplacesAndErases) {
  LruCache<int, std::string> cache(2);
  cache.put(1, "old");
  cache.put(1, "new");
  EXPECT_EQ(cache.size(), 1U);
  EXPECT_EQ(*cache.find(1), "new");
  cache.erase(1);
  cache.erase(1);
  EXPECT_EQ(cache.find(1), nullptr);
}

TEST(LruCacheTest, WhatIsReplacedCountsAsUsedAndWeighsWhatItWeighsNow) {
  LruCache<int, std::string> cache(10);
  cache.put(1, "a", 4);
  cache.put(2, "b", 4);
  cache.put(1, "A", 6);
  EXPECT_EQ(cache.size(), 2U);
  cache.put(3, "c", 1);
  EXPECT_EQ(cache.find(2), nullptr);
  EXPECT_EQ(*cache.find(1), "A");
  cache.put(1, "too heavy", 11);
  EXPECT_EQ(cache.find(1), nullptr) << "not even as it was";
  EXPECT_NE(cache.find(3), nullptr);
}

}  // namespace
}  // namespace inboxd
