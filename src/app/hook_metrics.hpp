#pragma once

#include <memory>

#include "hook/probe.hpp"

namespace prometheus {
class Registry;
}

namespace inboxd::app {

/// Counts what the policy hook answers.
class HookMetrics final : public hook::HookProbe {
 public:
  /// `registry` must outlive it.
  explicit HookMetrics(prometheus::Registry& registry);
  ~HookMetrics() override;
  HookMetrics(const HookMetrics&) = delete;
  HookMetrics& operator=(const HookMetrics&) = delete;

  void answered(hook::HookOutcome outcome, SteadyClock::duration took) override;
  void circuit(bool open) override;

 private:
  struct Series;
  std::unique_ptr<Series> series_;
};

}  // namespace inboxd::app
