#pragma once

#include <cstddef>

#include "core/policy.hpp"
#include "engine/lru_cache.hpp"
#include "engine/ports.hpp"
#include "hook/question.hpp"

namespace inboxd::hook {

/// The verdicts used last, each as long as it holds. For one thread.
class VerdictCache {
 public:
  using Time = SteadyClock::time_point;
  /// What an entry counts beside its texts: so that a bound on bytes is one on entries too.
  static constexpr std::size_t kEntryBytes = 320;

  explicit VerdictCache(std::size_t max_bytes) : entries_(max_bytes) {}

  /// The verdict, or null. The pointer holds until the next call.
  const HookVerdict* find(const QuestionKey& key, Time now);
  /// Keeps it for `ttl` from now on. Does nothing where that is 0, or where the verdict is none.
  void put(const QuestionKey& key, const HookVerdict& verdict, SteadyClock::duration ttl, Time now);
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    HookVerdict verdict;
    Time until;
  };
  LruCache<QuestionKey, Entry, QuestionKeyHash> entries_;
};

}  // namespace inboxd::hook
