#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "engine/ports.hpp"
#include "hook/asker.hpp"
#include "hook/experience.hpp"
#include "hook/probe.hpp"
#include "hook/settings.hpp"

namespace inboxd::hook {

/// Asks the operator's hook by HTTP, on a thread of its own.
class PolicyClient final : public PolicyHook {
 public:
  /// `clock`, `log` and `probe` outlive it. `seed`: any bits.
  PolicyClient(Settings settings, const Clock& clock, Log& log, HookProbe& probe, std::uint64_t seed);
  /// Gives what is pending no verdict. Nobody is called any more afterwards.
  ~PolicyClient() override;
  PolicyClient(const PolicyClient&) = delete;
  PolicyClient& operator=(const PolicyClient&) = delete;

  void ask(const HookQuestion& question, Done done) override;

 private:
  bool has_room() const noexcept;
  void settle(HookOutcome outcome, const HookVerdict& verdict, SteadyClock::time_point asked,
              const Done& done);

  const Settings settings_;
  const Clock& clock_;
  HookProbe& probe_;
  Experience experience_;
  std::atomic<std::size_t> pending_{0};
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  Asker asker_;         // of the thread
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace inboxd::hook
