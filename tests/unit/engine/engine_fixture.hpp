#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/json.hpp"
#include "engine/engine.hpp"
#include "store/memory_store.hpp"
#include "support/fakes.hpp"

namespace inboxd::testing {

/// An engine between a fake broker and a store in memory, run until the broker has nothing more for it.
class EngineHarness {
 public:
  static EngineSettings default_settings() {
    EngineSettings settings;
    settings.topics = {AppId{"tilechat"}, ".apps.tilechat.users", true, true};
    settings.backoff_min = std::chrono::milliseconds(1);
    settings.backoff_max = std::chrono::milliseconds(2);
    settings.standby_retry = std::chrono::milliseconds(1);
    settings.fanout_slice = 4;
    return settings;
  }

  EnginePorts ports() { return {broker, store, clock, entropy, log, probe, nullptr, filters, hook}; }

  void run() {
    Engine engine(settings, ports());
    broker.on_idle = [&] { stop_when_done(engine); };
    engine.run();
  }

  /// The broker is idle; the engine may still be at what it took, have large groups to serve, or something to
  /// write when it has time.
  void stop_when_done(Engine& engine) {
    clock.advance(std::chrono::milliseconds(100));
    if (broker.unacknowledged == 0 && store.jobs().empty())
      engine.stop(clock.steady() + std::chrono::seconds(1));
  }

  void chat(const std::string& from, const std::string& to, const std::string& payload) {
    broker.send("apps.tilechat.outgoing.users." + from + ".messages." + to + ".outgoing", payload);
  }

  /// The value of a field in what was published to each key that ends so, in order; in the Chat21 layout.
  std::vector<std::string> published(const std::string& user, const std::string& field,
                                     const std::string& ending) const {
    std::vector<std::string> values;
    for (const auto& [key, payload] : broker.published) {
      if (!key.starts_with("apps.tilechat.users." + user + ".") || !key.ends_with(ending)) continue;
      const auto object = json::parse_object(payload);
      values.emplace_back(object->find(field).value_or("absent"));
    }
    return values;
  }

  std::vector<std::string> received(const std::string& user, const std::string& field = "text") const {
    return published(user, field, ".clientadded");
  }

  std::vector<TimelineEntry> timeline(const std::string& owner, const std::string& peer) const {
    return store.timeline({AppId{"tilechat"}, PartyId{owner}, PartyId{peer}},
                          {.limit = 10'000, .newest_first = false, .before = {}, .after = {}});
  }

  EngineSettings settings = default_settings();
  FakeBroker broker;
  store::MemoryStore store;
  FakeClock clock;
  FakeEntropy entropy;
  SilentLog log;
  CountingProbe probe;
  const FilterSource* filters = nullptr;
  PolicyHook* hook = nullptr;
};

class EngineTest : public ::testing::Test, protected EngineHarness {};

}  // namespace inboxd::testing
