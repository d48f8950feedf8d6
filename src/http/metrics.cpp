#include "http/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <chrono>
#include <sstream>

namespace inboxd::http {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

constexpr std::array kOutcomes = {"delivered",   "repeated",     "redelivered", "stored", "group_updated",
                                  "receipt",     "conversation", "presence",    "block",  "ban",
                                  "handed_over", "ignored",      "refused"};
static_assert(kOutcomes.size() == static_cast<std::size_t>(Outcome::kRefused) + 1);
constexpr std::array kStages = {"decide", "commit", "publish", "acknowledge"};
static_assert(kStages.size() == static_cast<std::size_t>(Stage::kAcknowledge) + 1);
constexpr std::array kActions = {"reject", "mask", "flag", "shadow"};
static_assert(kActions.size() == static_cast<std::size_t>(FilterAction::kShadow) + 1);
constexpr std::size_t kLinkStates = static_cast<std::size_t>(LinkState::kStopped) + 1;

// Seconds; from a cached decision to a disk that hangs.
const Histogram::BucketBoundaries kBuckets = {50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3,
                                              50e-3, 100e-3, 200e-3, 500e-3, 1,    2,    5,    10};

template <class Enum>
constexpr std::size_t index_of(Enum value) {
  return static_cast<std::size_t>(value);
}

}  // namespace

/// The time series, each looked up once: nothing on a message's way walks a map of labels.
struct Metrics::Series {
  Registry registry;
  std::array<Counter*, kOutcomes.size()> outcomes{};
  std::array<Counter*, kAllReasons.size()> reasons{};
  prometheus::Family<Counter>* filtered = nullptr;  ///< its rules change while the engine works
  Counter* withheld = nullptr;
  Counter* publications = nullptr;
  std::array<Histogram*, kStages.size()> stages{};
  Gauge* waiting = nullptr;
  Gauge* in_flight = nullptr;
  Gauge* jobs = nullptr;
  std::array<Gauge*, kLinkStates> links{};
  Gauge* ready = nullptr;
  Gauge* store = nullptr;

  Series() {
    add_counters();
    add_stages();
    add_gauges();
  }

  void add_counters() {
    auto& deliveries = BuildCounter()
                           .Name("inboxd_deliveries_total")
                           .Help("Deliveries by what became of them.")
                           .Register(registry);
    for (std::size_t i = 0; i < kOutcomes.size(); ++i)
      outcomes[i] = &deliveries.Add({{"outcome", kOutcomes[i]}});
    auto& refusals =
        BuildCounter().Name("inboxd_refusals_total").Help("Refused deliveries by reason.").Register(registry);
    for (const Reason reason : kAllReasons) {
      reasons[index_of(reason)] = &refusals.Add({{"reason", std::string(code_of(reason))}});
    }
    filtered = &BuildCounter()
                    .Name("inboxd_filter_matches_total")
                    .Help("Messages that a content filter matched, by its name and action.")
                    .Register(registry);
    withheld = &BuildCounter()
                    .Name("inboxd_copies_withheld_total")
                    .Help("Copies that nobody got because their recipient blocks their sender.")
                    .Register(registry)
                    .Add({});
    publications = &BuildCounter()
                        .Name("inboxd_publications_total")
                        .Help("Messages published to the broker.")
                        .Register(registry)
                        .Add({});
  }

  void add_stages() {
    auto& family = BuildHistogram()
                       .Name("inboxd_stage_duration_seconds")
                       .Help("Time that a batch spends in each stage of the pipeline.")
                       .Register(registry);
    for (std::size_t i = 0; i < kStages.size(); ++i)
      stages[i] = &family.Add({{"stage", kStages[i]}}, kBuckets);
  }

  void add_gauges() {
    auto& depth = BuildGauge()
                      .Name("inboxd_queue_depth")
                      .Help("Items in each of the engine's queues.")
                      .Register(registry);
    waiting = &depth.Add({{"queue", "waiting"}});
    in_flight = &depth.Add({{"queue", "in_flight"}});
    jobs = &depth.Add({{"queue", "fanout_jobs"}});
    auto& link = BuildGauge()
                     .Name("inboxd_link_state")
                     .Help("1 for the state that the broker link is in.")
                     .Register(registry);
    for (std::size_t i = 0; i < kLinkStates; ++i) {
      links[i] = &link.Add({{"state", std::string(name_of(static_cast<LinkState>(i)))}});
    }
    links[index_of(LinkState::kDown)]->Set(1);
    ready =
        &BuildGauge().Name("inboxd_ready").Help("1 where /health/ready says yes.").Register(registry).Add({});
    store = &BuildGauge()
                 .Name("inboxd_store_healthy")
                 .Help("1 where the store works.")
                 .Register(registry)
                 .Add({});
    auto& start =
        BuildGauge().Name("process_start_time_seconds").Help("Unix time of the start.").Register(registry);
    start.Add({}).Set(
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count());
    auto& build =
        BuildGauge().Name("inboxd_build_info").Help("Always 1; says the version.").Register(registry);
    build.Add({{"version", INBOXD_VERSION}}).Set(1);
  }
};

Metrics::Metrics(Health& health) : health_(health), series_(std::make_unique<Series>()) {}
Metrics::~Metrics() = default;

void Metrics::counted(Outcome outcome) { series_->outcomes[index_of(outcome)]->Increment(); }

void Metrics::refused(Reason reason) { series_->reasons[index_of(reason)]->Increment(); }

void Metrics::filtered(std::string_view rule, FilterAction action) {
  series_->filtered->Add({{"rule", std::string(rule)}, {"action", kActions[index_of(action)]}}).Increment();
}

void Metrics::withheld(std::size_t copies) { series_->withheld->Increment(static_cast<double>(copies)); }

void Metrics::published(std::size_t count) { series_->publications->Increment(static_cast<double>(count)); }

void Metrics::took(Stage stage, SteadyClock::duration time) {
  series_->stages[index_of(stage)]->Observe(std::chrono::duration<double>(time).count());
}

void Metrics::depths(const Depths& depths) {
  series_->waiting->Set(static_cast<double>(depths.waiting));
  series_->in_flight->Set(static_cast<double>(depths.in_flight));
  series_->jobs->Set(static_cast<double>(depths.jobs));
}

void Metrics::link(LinkState state, std::string_view why) {
  health_.link(state, why);
  for (std::size_t i = 0; i < kLinkStates; ++i) series_->links[i]->Set(i == index_of(state) ? 1 : 0);
}

prometheus::Registry& Metrics::registry() { return series_->registry; }

std::string Metrics::text() {
  const Readiness readiness = health_.readiness();
  series_->ready->Set(readiness.ready ? 1 : 0);
  series_->store->Set(readiness.store ? 1 : 0);
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, series_->registry.Collect());
  return out.str();
}

}  // namespace inboxd::http
