#pragma once

#include <memory>

#include "app/hook_metrics.hpp"
#include "config/settings.hpp"
#include "engine/ports.hpp"
#include "filter/filter_watch.hpp"
#include "hook/policy_client.hpp"

namespace inboxd::app {

/// What policies have running: the content filters, and the hook's client where there is a hook.
class PolicyServices {
 public:
  /// Or nothing, where POLICY_FILE is wrong: the log then says how. What it is given must outlive it.
  static std::unique_ptr<PolicyServices> start(const config::Settings& settings, Store& store,
                                               const Clock& clock, Entropy& entropy, Log& log,
                                               prometheus::Registry& registry);

  filter::FilterWatch& filters() noexcept { return *filters_; }
  /// Null where there is none.
  PolicyHook* hook() noexcept { return hook_.get(); }
  /// It calls nobody any more from here on.
  void end_hook() { hook_.reset(); }

 private:
  PolicyServices() = default;

  std::unique_ptr<filter::FilterWatch> filters_;
  std::unique_ptr<HookMetrics> metrics_;
  std::unique_ptr<hook::PolicyClient> hook_;
};

}  // namespace inboxd::app
