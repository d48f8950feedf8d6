#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "core/topic.hpp"
#include "engine/events.hpp"
#include "engine/ports.hpp"
#include "engine/rate_limiter.hpp"

namespace inboxd {

struct EngineSettings {
  Topics topics;
  std::size_t max_message_bytes = std::size_t{256} * 1024;     ///< of a client's or back end's message
  std::size_t max_group_bytes = std::size_t{8} * 1024 * 1024;  ///< of a group document
  std::size_t max_batch = 256;                                 ///< deliveries decided and committed together
  /// While a batch of so many deliveries or more is committed, the next one is decided. Fewer are not worth
  /// waking another thread.
  std::size_t overlap_from = 17;
  std::size_t max_waiting_bytes =
      std::size_t{32} * 1024 * 1024;  ///< payload bytes taken from the broker and not yet decided
  std::size_t fanout_slice = 256;     ///< members served at a time; larger groups become jobs
  std::size_t max_jobs =
      10'000;  ///< unfinished fan-out jobs beyond which messages to large groups are refused
  std::chrono::milliseconds idempotency_ttl = std::chrono::hours(24);
  EventSettings events;
  PolicyRules policy;
  RateLimits limits;
  std::size_t hook_window = 64;  ///< questions to the policy hook at a time
  bool presence = false;         ///< clients' presence is counted; else it is ignored
  std::chrono::milliseconds presence_ttl =
      std::chrono::hours(12);                  ///< a connection unheard of for this is gone
  std::chrono::milliseconds backoff_min{100};  ///< first pause before connecting again; doubles, with jitter
  std::chrono::milliseconds backoff_max{10'000};
  std::chrono::milliseconds standby_retry{1'000};  ///< while another instance consumes
};

/// What the engine works with.
struct EnginePorts {
  Broker& broker;
  Store& store;
  Clock& clock;
  Entropy& entropy;
  Log& log;
  Probe& probe;
  CommitListener* listener = nullptr;     ///< may be null
  const FilterSource* filters = nullptr;  ///< null: there are no content filters
  PolicyHook* hook = nullptr;             ///< null: nobody is asked
};

/// Source, decide, commit, publish, acknowledge: the life of every message, over as many broker sessions as
/// it takes. All it is given must outlive it, and the hook must call nobody any more when it ends.
class Engine {
 public:
  Engine(EngineSettings settings, const EnginePorts& ports);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Works on the calling thread until stop(). Broker and store failures are logged, shown to the probe, and
  /// tried again.
  void run();

  /// Takes nothing more, finishes what was taken, and lets run() return; at `deadline` it returns as it
  /// stands, and the broker keeps what was not acknowledged. From any thread; the first call counts.
  void stop(SteadyClock::time_point deadline);

  /// Brings what others have to say before the engine; valid as long as it is.
  Submitter& submitter() noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace inboxd
