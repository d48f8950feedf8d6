#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "app/log.hpp"
#include "app/system.hpp"
#include "config/load.hpp"
#include "engine/engine.hpp"
#include "http/health.hpp"
#include "http/metrics.hpp"
#include "http/router.hpp"
#include "http/server.hpp"

namespace inboxd::app {

/// The engine with everything around it: made, run once, destroyed. Parts start in the order of its members
/// and end in the reverse.
class Service {
 public:
  /// `loaded` and `log` must outlive it.
  Service(const config::Loaded& loaded, Log& log);

  /// Works until stop(), on the calling thread. Returns the process's exit code: kFailed where it could not
  /// start, or had to leave work undone.
  int run();

  /// From any thread; the first call counts.
  void stop();

 private:
  bool listen();
  std::unique_ptr<Store> open_store();
  int work(Store& store);
  /// Waits, and says whether to go on.
  bool pause(std::chrono::milliseconds time);
  void banner() const;

  const config::Loaded& loaded_;
  const config::Settings& settings_;
  Log& log_;
  SystemClock clock_;
  SystemEntropy entropy_;
  http::Health health_;
  http::Metrics metrics_;
  http::Router routes_;
  http::Router metrics_routes_;
  std::unique_ptr<http::Server> server_;

  std::mutex mutex_;  // guards all that follows
  std::condition_variable changed_;
  std::optional<SteadyClock::time_point> deadline_;  ///< set by stop()
  Engine* engine_ = nullptr;                         ///< while it works
};

}  // namespace inboxd::app
