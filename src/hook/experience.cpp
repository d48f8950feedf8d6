#include "hook/experience.hpp"

#include <cstddef>

namespace inboxd::hook {
namespace {

constexpr std::size_t kCacheBytes = std::size_t{16} * 1024 * 1024;

}  // namespace

Experience::Experience(std::chrono::milliseconds cache_ttl, Log& log, HookProbe& probe, std::uint64_t seed)
    : cache_ttl_(cache_ttl), log_(log), probe_(probe), verdicts_(kCacheBytes), random_(seed) {}

std::optional<HookVerdict> Experience::verdict(const QuestionKey& key, Time now) {
  const std::lock_guard lock(mutex_);
  const HookVerdict* const found = verdicts_.find(key, now);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

bool Experience::may_ask(Time now) const {
  const std::lock_guard lock(mutex_);
  return circuit_.allows(now);
}

std::optional<Experience::Attempt> Experience::begin(Time now) {
  const std::lock_guard lock(mutex_);
  if (!circuit_.allows(now)) return std::nullopt;
  return Attempt{circuit_.begin()};
}

void Experience::answered(const QuestionKey& key, const Answer& answer, Time now) {
  bool was_open = false;
  {
    const std::lock_guard lock(mutex_);
    was_open = circuit_.open();
    circuit_.succeeded();
    if (answer.ttl) {
      verdicts_.put(key, answer.verdict, *answer.ttl, now);
    } else {
      verdicts_.put(key, answer.verdict, cache_ttl_, now);
    }
  }
  if (!was_open) return;
  probe_.circuit(false);
  log_.info("policy_hook_answers_again");
}

void Experience::failed(Attempt attempt, Time now, const std::string& why) {
  bool opened = false;
  {
    const std::lock_guard lock(mutex_);
    const bool was_open = circuit_.open();
    circuit_.failed(attempt.decides, now, random_());
    opened = !was_open && circuit_.open();
  }
  log_.debug("policy_hook_failed", {{"why", why}});
  if (!opened) return;
  probe_.circuit(true);
  log_.warn("policy_hook_left_alone", {{"why", why}});
}

}  // namespace inboxd::hook
