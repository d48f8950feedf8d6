#include "app/webhook_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <array>

#include "webhook/settings.hpp"

namespace inboxd::app {
namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;

constexpr std::array kFailures = {"not_sent", "no_answer", "forbidden", "server_error", "rejected"};
static_assert(kFailures.size() == static_cast<std::size_t>(webhook::Failure::kRejected) + 1);
constexpr std::array kGivenUp = {"failed", "too_old", "outbox_full", "not_configured"};
static_assert(kGivenUp.size() == static_cast<std::size_t>(webhook::GivenUp::kNotConfigured) + 1);

const Histogram::BucketBoundaries kDeliveryBuckets = {1e-3, 5e-3, 10e-3, 50e-3, 100e-3, 500e-3, 1, 5, 10, 30};

}  // namespace

struct WebhookMetrics::Series {
  Counter* delivered;
  std::array<Counter*, kFailures.size()> failed;
  std::array<Counter*, kGivenUp.size()> given_up;
  Gauge* pending;
  Gauge* circuit;
  Histogram* duration;
};

WebhookMetrics::WebhookMetrics(prometheus::Registry& registry, const std::vector<std::string>& endpoints) {
  auto& delivered = prometheus::BuildCounter()
                        .Name("inboxd_webhook_delivered_total")
                        .Help("Events that an endpoint took.")
                        .Register(registry);
  auto& failed = prometheus::BuildCounter()
                     .Name("inboxd_webhook_failures_total")
                     .Help("Attempts that were no success, by kind.")
                     .Register(registry);
  auto& given_up = prometheus::BuildCounter()
                       .Name("inboxd_webhook_given_up_total")
                       .Help("Events that were given up, by reason.")
                       .Register(registry);
  auto& pending = prometheus::BuildGauge()
                      .Name("inboxd_webhook_pending")
                      .Help("Events that wait in the outbox.")
                      .Register(registry);
  auto& circuit = prometheus::BuildGauge()
                      .Name("inboxd_webhook_circuit_open")
                      .Help("1 while an endpoint that keeps failing is left alone.")
                      .Register(registry);
  auto& duration = prometheus::BuildHistogram()
                       .Name("inboxd_webhook_duration_seconds")
                       .Help("Time of an attempt.")
                       .Register(registry);
  std::vector<std::string> labels;
  for (const std::string& endpoint : endpoints) {
    const std::string host = webhook::label_of(endpoint);
    std::string label = host;
    for (int n = 2; std::find(labels.begin(), labels.end(), label) != labels.end(); ++n) {
      label = host + "#" + std::to_string(n);
    }
    labels.push_back(std::move(label));
  }
  labels.emplace_back("not_configured");
  for (const std::string& label : labels) {
    Series series{};
    series.delivered = &delivered.Add({{"endpoint", label}});
    for (std::size_t i = 0; i < kFailures.size(); ++i) {
      series.failed[i] = &failed.Add({{"endpoint", label}, {"kind", kFailures[i]}});
    }
    for (std::size_t i = 0; i < kGivenUp.size(); ++i) {
      series.given_up[i] = &given_up.Add({{"endpoint", label}, {"reason", kGivenUp[i]}});
    }
    series.pending = &pending.Add({{"endpoint", label}});
    series.circuit = &circuit.Add({{"endpoint", label}});
    series.duration = &duration.Add({{"endpoint", label}}, kDeliveryBuckets);
    series_.push_back(series);
  }
}

WebhookMetrics::~WebhookMetrics() = default;

void WebhookMetrics::delivered(std::size_t endpoint) { series_[endpoint].delivered->Increment(); }

void WebhookMetrics::failed(std::size_t endpoint, webhook::Failure kind) {
  series_[endpoint].failed[static_cast<std::size_t>(kind)]->Increment();
}

void WebhookMetrics::given_up(std::size_t endpoint, webhook::GivenUp why, std::size_t count) {
  series_[endpoint].given_up[static_cast<std::size_t>(why)]->Increment(static_cast<double>(count));
}

void WebhookMetrics::pending(std::size_t endpoint, std::size_t rows) {
  series_[endpoint].pending->Set(static_cast<double>(rows));
}

void WebhookMetrics::circuit(std::size_t endpoint, bool open) {
  series_[endpoint].circuit->Set(open ? 1 : 0);
}

void WebhookMetrics::took(std::size_t endpoint, SteadyClock::duration time) {
  series_[endpoint].duration->Observe(std::chrono::duration<double>(time).count());
}

}  // namespace inboxd::app
