#include "app/policy_services.hpp"

#include <utility>

#include "app/policy_settings.hpp"

namespace inboxd::app {

std::unique_ptr<PolicyServices> PolicyServices::start(const config::Settings& settings, Store& store,
                                                      const Clock& clock, Entropy& entropy, Log& log,
                                                      prometheus::Registry& registry) {
  std::unique_ptr<PolicyServices> services(new PolicyServices);
  const AppId app(settings.app_id);
  auto filters = filter::FilterWatch::start({.file = settings.policy_file, .app = app},
                                            filter::shelf_in(store, app), clock, log);
  if (!filters) {
    for (const std::string& problem : filters.error()) log.error("POLICY_FILE is wrong", {{"why", problem}});
    return nullptr;
  }
  services->filters_ = *std::move(filters);
  if (!settings.policy_hook_url.empty()) {
    services->metrics_ = std::make_unique<HookMetrics>(registry);
    services->hook_ = std::make_unique<hook::PolicyClient>(hook_settings(settings), clock, log,
                                                           *services->metrics_, entropy.next());
  }
  return services;
}

}  // namespace inboxd::app
