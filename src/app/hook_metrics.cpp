#include "app/hook_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <chrono>

namespace inboxd::app {
namespace {

constexpr std::array kOutcomes = {"allowed", "rejected", "replaced", "timeout", "error", "skipped", "cached"};
static_assert(kOutcomes.size() == static_cast<std::size_t>(hook::HookOutcome::kCached) + 1);

const prometheus::Histogram::BucketBoundaries kDeadlineBuckets = {1e-3,  2e-3,   5e-3,   10e-3, 20e-3,
                                                                  50e-3, 100e-3, 500e-3, 1,     10};

}  // namespace

struct HookMetrics::Series {
  std::array<prometheus::Counter*, kOutcomes.size()> outcomes{};
  prometheus::Gauge* circuit = nullptr;
  prometheus::Histogram* duration = nullptr;
};

HookMetrics::HookMetrics(prometheus::Registry& registry) : series_(std::make_unique<Series>()) {
  auto& answers = prometheus::BuildCounter()
                      .Name("inboxd_policy_hook_total")
                      .Help("Messages that the policy hook was to judge, by what came of it.")
                      .Register(registry);
  for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
    series_->outcomes[i] = &answers.Add({{"outcome", kOutcomes[i]}});
  }
  series_->circuit = &prometheus::BuildGauge()
                          .Name("inboxd_policy_hook_circuit_open")
                          .Help("1 while a policy hook that keeps failing is left alone.")
                          .Register(registry)
                          .Add({});
  series_->duration = &prometheus::BuildHistogram()
                           .Name("inboxd_policy_hook_duration_seconds")
                           .Help("Time until there was an answer, or none was waited for any more.")
                           .Register(registry)
                           .Add({}, kDeadlineBuckets);
}

HookMetrics::~HookMetrics() = default;

void HookMetrics::answered(hook::HookOutcome outcome, SteadyClock::duration took) {
  series_->outcomes[static_cast<std::size_t>(outcome)]->Increment();
  // Those that were not asked tell nothing of the hook.
  if (outcome == hook::HookOutcome::kCached || outcome == hook::HookOutcome::kSkipped) return;
  series_->duration->Observe(std::chrono::duration<double>(took).count());
}

void HookMetrics::circuit(bool open) { series_->circuit->Set(open ? 1 : 0); }

}  // namespace inboxd::app
