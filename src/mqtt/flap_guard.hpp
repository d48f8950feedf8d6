#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>

#include "core/token_bucket.hpp"
#include "engine/lru_cache.hpp"

namespace inboxd::mqtt {

/// Slows clients that connect again and again: each has some connections at once, and some more each minute;
/// beyond them it waits for its answer. Safe for use from several threads.
class FlapGuard {
 public:
  struct Settings {
    double at_once = 30;  ///< 0: nobody is slowed
    double per_minute = 60;
    std::chrono::milliseconds longest{10'000};
  };

  explicit FlapGuard(Settings settings)
      : limit_{.capacity = settings.at_once, .per_minute = settings.per_minute},
        longest_(settings.longest),
        buckets_(kRemembered) {}

  /// Somebody connects; `who` is his client id or user. How long to let him wait, often zero; nothing where
  /// that would be too long. Who waits has his place: those after him wait longer.
  std::optional<std::chrono::milliseconds> connects(const std::string& who, TokenBucket::Time now);

 private:
  static constexpr std::size_t kRemembered = 100'000;

  const BucketLimit limit_;
  const std::chrono::milliseconds longest_;
  std::mutex mutex_;  // guards what follows
  LruCache<std::string, TokenBucket> buckets_;
};

}  // namespace inboxd::mqtt
