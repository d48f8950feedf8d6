#include "app/service.hpp"

#include <fmt/format.h>

#include <utility>

#include "app/broker_settings.hpp"
#include "app/exit_code.hpp"
#include "app/store_settings.hpp"
#include "http/operations.hpp"
#include "rabbitmq/broker.hpp"
#include "store/rocksdb_store.hpp"

namespace inboxd::app {
namespace {

/// Runs at the end of its scope, however that is left: nobody may be shown what is gone.
template <class Action>
class OnExit {
 public:
  explicit OnExit(Action action) : action_(std::move(action)) {}
  ~OnExit() { action_(); }
  OnExit(const OnExit&) = delete;
  OnExit& operator=(const OnExit&) = delete;

 private:
  Action action_;
};

EngineSettings engine_settings(const config::Settings& settings) {
  EngineSettings result;
  result.topics = topics_of(settings);
  result.max_message_bytes = settings.max_message_bytes;
  result.max_group_bytes = settings.max_group_bytes;
  result.max_batch = settings.max_batch;
  result.max_waiting_bytes = settings.max_waiting_bytes;
  result.fanout_slice = settings.fanout_slice;
  result.max_jobs = settings.max_fanout_jobs;
  result.idempotency_ttl = settings.idempotency_ttl;
  result.backoff_min = settings.reconnect_min;
  result.backoff_max = settings.reconnect_max;
  result.standby_retry = settings.standby_retry;
  return result;
}

std::string layouts(const config::Settings& settings) {
  if (settings.layout_path && settings.layout_chat21) return "path,chat21";
  return settings.layout_path ? "path" : "chat21";
}

}  // namespace

Service::Service(const config::Loaded& loaded, Log& log)
    : loaded_(loaded), settings_(loaded.settings), log_(log), metrics_(health_) {
  http::add_health(routes_, health_);
  http::add_metrics(routes_, metrics_);
  http::add_metrics(metrics_routes_, metrics_);
}

int Service::run() {
  banner();
  if (!listen()) return kFailed;
  std::unique_ptr<Store> store;
  try {
    store = open_store();
  } catch (const StoreError& error) {
    log_.error("the store cannot be opened", {{"directory", settings_.data_dir}, {"why", error.what()}});
    return kFailed;
  }
  if (!store) return kDone;
  health_.store(store.get());
  const OnExit hide([this] { health_.store(nullptr); });
  return work(*store);
}

void Service::stop() {
  const std::lock_guard lock(mutex_);
  if (deadline_) return;
  deadline_ = SteadyClock::now() + settings_.shutdown_timeout;
  if (engine_ != nullptr) engine_->stop(*deadline_);
  changed_.notify_all();
}

void Service::banner() const {
  const Login login = login_of(settings_).value();
  log_.info("starting",
            {{"version", INBOXD_VERSION},
             {"brokers", shown_addresses(login)},
             {"vhost", login.vhost},
             {"login", login.password.empty() ? "service token" : "password"},
             {"app", settings_.app_id},
             {"layouts", layouts(settings_)},
             {"path_prefix", settings_.path_prefix},
             {"store", settings_.data_dir},
             {"store_sync", settings_.store_sync == config::StoreSync::kBatch ? "batch" : "none"}});
  for (const std::string& warning : loaded_.warnings) log_.warn("setting", {{"warning", warning}});
  if (!loaded_.inert.empty()) {
    log_.warn("settings without effect in this version are set",
              {{"names", fmt::format("{}", fmt::join(loaded_.inert, ","))}});
  }
}

bool Service::listen() {
  std::vector<http::Listener> listeners = {{settings_.http_bind, settings_.http_port, &routes_}};
  if (settings_.metrics_port != 0)
    listeners.push_back({settings_.http_bind, settings_.metrics_port, &metrics_routes_});
  auto server = http::Server::start(listeners, {});
  if (!server) {
    log_.error("HTTP cannot start; see HTTP_PORT, METRICS_PORT and HTTP_BIND", {{"why", server.error()}});
    return false;
  }
  server_ = std::move(*server);
  log_.info("HTTP listens", {{"address", settings_.http_bind},
                             {"port", std::to_string(settings_.http_port)},
                             {"metrics_port", std::to_string(settings_.metrics_port)}});
  return true;
}

/// The store, or nothing where stop() came while another process had it.
std::unique_ptr<Store> Service::open_store() {
  bool told = false;
  do {
    auto opened = store::RocksDbStore::open(store_options(settings_), clock_);
    if (opened) {
      if (told) log_.info("took the store over");
      return std::move(*opened);
    }
    if (opened.error().kind() != StoreError::Kind::kLocked) throw StoreError(opened.error());
    metrics_.link(LinkState::kStandby, opened.error().what());
    if (!told)
      log_.info("standing by until another process releases the store", {{"why", opened.error().what()}});
    told = true;
  } while (pause(settings_.standby_retry));
  return nullptr;
}

bool Service::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, time, [this] { return deadline_.has_value(); });
}

int Service::work(Store& store) {
  rabbitmq::RabbitBroker broker(broker_settings(settings_, clock_));
  Engine engine(engine_settings(settings_), broker, store, clock_, entropy_, log_, metrics_);
  {
    const std::lock_guard lock(mutex_);
    if (deadline_) return kDone;
    engine_ = &engine;
  }
  {
    const OnExit hide([this] {
      const std::lock_guard lock(mutex_);
      engine_ = nullptr;
    });
    engine.run();
  }
  const std::lock_guard lock(mutex_);
  const bool in_time = !deadline_ || SteadyClock::now() < *deadline_;
  if (!in_time) log_.error("SHUTDOWN_TIMEOUT passed with work undone; the broker delivers it again");
  return in_time ? kDone : kFailed;
}

}  // namespace inboxd::app
