#include "mqtt/flap_guard.hpp"

#include <algorithm>

namespace inboxd::mqtt {

std::chrono::milliseconds FlapGuard::connects(const std::string& who, TokenBucket::Time now) {
  if (!limit_.limits() || who.empty()) return std::chrono::milliseconds(0);
  const std::lock_guard lock(mutex_);
  TokenBucket* bucket = buckets_.find(who);
  if (bucket == nullptr) {
    buckets_.put(who, TokenBucket(limit_, now));
    bucket = buckets_.find(who);
  }
  const auto wait = bucket->wait(limit_, now);
  // Those who wait take no token: they pay with their time.
  if (wait.count() == 0) bucket->take();
  return std::min(wait, longest_);
}

}  // namespace inboxd::mqtt
