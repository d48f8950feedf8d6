#pragma once

#include "engine/ports.hpp"

namespace inboxd::hook {

/// What came of a question.
enum class HookOutcome {
  kAllowed,
  kRejected,
  kReplaced,
  kTimeout,
  kError,    ///< no answer, or none that is understood
  kSkipped,  ///< not asked: the hook is left alone, too much waits, or this ends
  kCached,   ///< known from an earlier answer
};

/// Where the hook's client says what it does, for metrics. Called from several threads; must not block for
/// long.
class HookProbe {
 public:
  virtual ~HookProbe() = default;
  /// Once for each question; `took` is the time until its verdict.
  virtual void answered(HookOutcome outcome, SteadyClock::duration took) = 0;
  /// Whether the hook is left alone, at each change.
  virtual void circuit(bool open) = 0;
};

}  // namespace inboxd::hook
