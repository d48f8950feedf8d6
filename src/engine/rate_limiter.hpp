#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_set>

#include "core/rows.hpp"
#include "core/token_bucket.hpp"
#include "engine/lru_cache.hpp"
#include "engine/ports.hpp"

namespace inboxd {

/// How much may be sent. Limits of capacity 0 limit nothing.
struct RateLimits {
  BucketLimit user;                    ///< by one sender
  BucketLimit app;                     ///< by all of them
  BucketLimit pair;                    ///< by one sender to one recipient
  std::unordered_set<PartyId> exempt;  ///< senders whom no limit concerns
  bool admins_exempt = true;           ///< nor messages that an administrator sends by REST

  bool any() const noexcept { return user.limits() || app.limits() || pair.limits(); }
};

/// Counts messages against the limits. What it counted goes with it; senders unheard of for long are
/// forgotten, and start with full buckets. For one thread.
class RateLimiter {
 public:
  /// `limits` must outlive it.
  RateLimiter(const AppId& app, const RateLimits& limits);

  /// How long until the message would be within the limits; zero where it is.
  std::chrono::milliseconds wait(const PartyId& sender, const PartyId& recipient,
                                 SteadyClock::time_point now);

  /// Takes a token from every bucket that the message concerns, or from none: then, in how many whole seconds
  /// it is worth another try.
  std::optional<std::int64_t> over(const PartyId& sender, const PartyId& recipient,
                                   SteadyClock::time_point now);

 private:
  struct Concerned {
    const BucketLimit& limit;
    TokenBucket* bucket;  ///< null where there is no such limit
  };
  std::array<Concerned, 3> concerned(const PartyId& sender, const PartyId& recipient,
                                     SteadyClock::time_point now);

  AppId app_;
  const RateLimits& limits_;
  std::optional<TokenBucket> all_;
  LruCache<PartyId, TokenBucket> senders_;
  LruCache<TimelineKey, TokenBucket, TimelineKeyHash> pairs_;
};

}  // namespace inboxd
