#include "hook/verdict_cache.hpp"

namespace inboxd::hook {
namespace {

std::size_t bytes_of(const HookVerdict& verdict) noexcept {
  return VerdictCache::kEntryBytes + verdict.code.size() + verdict.message.size() +
         (verdict.text ? verdict.text->size() : 0) + (verdict.attributes ? verdict.attributes->size() : 0);
}

}  // namespace

const HookVerdict* VerdictCache::find(const QuestionKey& key, Time now) {
  const Entry* const entry = entries_.find(key);
  if (entry == nullptr) return nullptr;
  if (now < entry->until) return &entry->verdict;
  entries_.erase(key);
  return nullptr;
}

void VerdictCache::put(const QuestionKey& key, const HookVerdict& verdict, SteadyClock::duration ttl,
                       Time now) {
  if (verdict.kind == HookVerdict::Kind::kUnavailable || ttl <= SteadyClock::duration::zero()) return;
  entries_.put(key, {verdict, now + ttl}, bytes_of(verdict));
}

}  // namespace inboxd::hook
