#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "app/embedded_node.hpp"
#include "app/log.hpp"
#include "app/system.hpp"
#include "app/webhook_metrics.hpp"
#include "auth/jwt.hpp"
#include "config/load.hpp"
#include "engine/engine.hpp"
#include "filter/filter_watch.hpp"
#include "http/api.hpp"
#include "http/health.hpp"
#include "http/metrics.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "store/rocksdb_store.hpp"
#include "webhook/sender.hpp"

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

  /// Reads the policy file and the HTTPS certificate anew, where there are. From any thread.
  void reload();

 private:
  bool listen();
  void add_api();
  std::unique_ptr<store::RocksDbStore> open_store();
  int work(store::RocksDbStore& store);
  std::unique_ptr<EmbeddedNode> make_node(store::RocksDbStore& store);
  bool open_doors(EmbeddedNode* node);
  std::unique_ptr<webhook::WebhookSender> make_sender(Store& store);
  SteadyClock::time_point stopped_by();
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
  /// The REST API, where there is a secret to check its tokens with.
  Topics topics_;
  SystemEntropy api_entropy_;
  SystemEntropy webhook_entropy_;
  SystemEntropy hook_entropy_;
  std::unique_ptr<WebhookMetrics> webhook_metrics_;
  http::Backend backend_;
  http::ReplyWaiters replies_;
  std::optional<auth::Verifier> verifier_;
  std::optional<http::Api> api_;
  std::unique_ptr<http::Server> server_;

  std::mutex mutex_;  // guards all that follows
  std::condition_variable changed_;
  std::optional<SteadyClock::time_point> deadline_;  ///< set by stop()
  Engine* engine_ = nullptr;                         ///< while it works
  webhook::WebhookSender* sender_ = nullptr;         ///< likewise, where there is one
  filter::FilterWatch* filters_ = nullptr;           ///< likewise
  EmbeddedNode* node_ = nullptr;                     ///< likewise
  /// Lets the embedded broker's clients go, then the engine: what they still said is dealt with.
  std::thread drainer_;
};

}  // namespace inboxd::app
