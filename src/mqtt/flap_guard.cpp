#include "mqtt/flap_guard.hpp"

namespace inboxd::mqtt {

std::optional<std::chrono::milliseconds> FlapGuard::connects(const std::string& who, TokenBucket::Time now) {
  if (!limit_.limits() || who.empty()) return std::chrono::milliseconds(0);
  const std::lock_guard lock(mutex_);
  TokenBucket* bucket = buckets_.find(who);
  if (bucket == nullptr) {
    buckets_.put(who, TokenBucket(limit_, now));
    bucket = buckets_.find(who);
  }
  const auto wait = bucket->wait(limit_, now);
  if (wait > longest_) return std::nullopt;
  bucket->take();
  return wait;
}

}  // namespace inboxd::mqtt
