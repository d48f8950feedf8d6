#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include "engine/ports.hpp"
#include "hook/answer.hpp"
#include "hook/probe.hpp"
#include "hook/question.hpp"
#include "hook/verdict_cache.hpp"
#include "net/circuit.hpp"

namespace inboxd::hook {

/// What the hook did so far: the verdicts that still hold, and whether it is to be left alone. Safe for use
/// from several threads.
class Experience {
 public:
  using Time = SteadyClock::time_point;
  /// An attempt to ask; `decides` whether a hook that was left alone is asked again.
  struct Attempt {
    bool decides = false;
  };

  /// `log` and `probe` outlive it. `seed`: any bits.
  Experience(std::chrono::milliseconds cache_ttl, Log& log, HookProbe& probe, std::uint64_t seed);

  std::optional<HookVerdict> verdict(const QuestionKey& key, Time now);
  bool may_ask(Time now) const;
  /// Nothing where may_ask() says no. Of each attempt one of the following is to be told.
  std::optional<Attempt> begin(Time now);
  void answered(const QuestionKey& key, const Answer& answer, Time now);
  /// `why` is for the log.
  void failed(Attempt attempt, Time now, const std::string& why);

 private:
  const std::chrono::milliseconds cache_ttl_;
  Log& log_;
  HookProbe& probe_;
  mutable std::mutex mutex_;  // guards all that follows
  VerdictCache verdicts_;
  net::Circuit circuit_;
  std::mt19937_64 random_;
};

}  // namespace inboxd::hook
