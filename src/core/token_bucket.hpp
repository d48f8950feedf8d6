#pragma once

#include <algorithm>
#include <chrono>

namespace inboxd {

/// How much of something may come: so much at once, and so much again each minute.
struct BucketLimit {
  double capacity = 0;  ///< 0: no limit
  double per_minute = 0;

  bool limits() const noexcept { return capacity > 0; }
};

/// Counts what came against a limit (token bucket). Made full. Every call is given the same limit, and times
/// that do not run backwards.
class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;

  TokenBucket(const BucketLimit& limit, Time now) noexcept : tokens_(most(limit)), at_(now) {}

  /// How long until a token is there; zero where one is. The longest where none ever will be.
  std::chrono::milliseconds wait(const BucketLimit& limit, Time now) noexcept {
    refill(limit, now);
    if (tokens_ >= kWhole) return std::chrono::milliseconds(0);
    if (limit.per_minute <= 0) return std::chrono::milliseconds::max();
    return std::chrono::ceil<std::chrono::milliseconds>(Minutes((1 - tokens_) / limit.per_minute));
  }

  /// Where wait() was not zero, it is a token of later: who comes next waits longer.
  void take() noexcept { tokens_ -= 1; }

 private:
  using Minutes = std::chrono::duration<double, std::ratio<60>>;
  /// A token, but for what sums of fractions lose: who waits as long as he was told to is not turned away.
  static constexpr double kWhole = 1 - 1e-6;

  /// A part of a limit may be less than one token; a bucket that can never hold one would let nothing
  /// through.
  static double most(const BucketLimit& limit) noexcept { return std::max(1.0, limit.capacity); }

  void refill(const BucketLimit& limit, Time now) noexcept {
    tokens_ = std::min(most(limit), tokens_ + Minutes(now - at_).count() * limit.per_minute);
    at_ = now;
  }

  double tokens_;
  Time at_;
};

}  // namespace inboxd
