#include "engine/rate_limiter.hpp"

#include <algorithm>
#include <chrono>

namespace inboxd {
namespace {

constexpr std::size_t kRememberedSenders = 100'000;
constexpr std::size_t kRememberedPairs = 200'000;
/// What never refills is worth another try in a day, when somebody may have changed the settings.
constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24);

template <class Key, class Hash>
TokenBucket& bucket_of(LruCache<Key, TokenBucket, Hash>& buckets, const Key& key, const BucketLimit& limit,
                       SteadyClock::time_point now) {
  if (auto* known = buckets.find(key)) return *known;
  buckets.put(key, TokenBucket(limit, now));
  return *buckets.find(key);
}

}  // namespace

RateLimiter::RateLimiter(const AppId& app, const RateLimits& limits)
    : app_(app), limits_(limits), senders_(kRememberedSenders), pairs_(kRememberedPairs) {}

std::array<RateLimiter::Concerned, 3> RateLimiter::concerned(const PartyId& sender, const PartyId& recipient,
                                                             SteadyClock::time_point now) {
  const BucketLimit& user = limits_.user;
  const BucketLimit& app = limits_.app;
  const BucketLimit& pair = limits_.pair;
  if (app.limits() && !all_) all_.emplace(app, now);
  return {
      Concerned{app, app.limits() ? &*all_ : nullptr},
      Concerned{user, user.limits() ? &bucket_of(senders_, sender, user, now) : nullptr},
      Concerned{pair, pair.limits() ? &bucket_of(pairs_, {app_, sender, recipient}, pair, now) : nullptr}};
}

std::chrono::milliseconds RateLimiter::wait(const PartyId& sender, const PartyId& recipient,
                                            SteadyClock::time_point now) {
  std::chrono::milliseconds longest{0};
  for (const Concerned& one : concerned(sender, recipient, now)) {
    if (one.bucket != nullptr) longest = std::max(longest, one.bucket->wait(one.limit, now));
  }
  return longest;
}

std::optional<std::int64_t> RateLimiter::over(const PartyId& sender, const PartyId& recipient,
                                              SteadyClock::time_point now) {
  const auto longest = wait(sender, recipient, now);
  if (longest.count() > 0) {
    return std::chrono::ceil<std::chrono::seconds>(std::min(longest, kLongest)).count();
  }
  for (const Concerned& one : concerned(sender, recipient, now)) {
    if (one.bucket != nullptr) one.bucket->take();
  }
  return std::nullopt;
}

}  // namespace inboxd
