#include "app/service.hpp"

#include <fmt/format.h>

#include <utility>

#include "app/broker_settings.hpp"
#include "app/event_settings.hpp"
#include "app/exit_code.hpp"
#include "app/policy_services.hpp"
#include "app/policy_settings.hpp"
#include "app/store_settings.hpp"
#include "auth/key.hpp"
#include "http/http_contacts.hpp"
#include "http/openapi.hpp"
#include "http/operations.hpp"
#include "net/http_client.hpp"
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

/// Wakes who waits for what was committed.
class CommitHub final : public CommitListener {
 public:
  /// `sender` may be null.
  CommitHub(http::ReplyWaiters& replies, webhook::WebhookSender* sender)
      : replies_(replies), sender_(sender) {}

  void committed(const Commit& commit) noexcept override {
    replies_.committed(commit);
    if (sender_ != nullptr && !commit.outbox.empty()) sender_->wake();
  }

 private:
  http::ReplyWaiters& replies_;
  webhook::WebhookSender* sender_;
};

struct ContactsService {
  std::unique_ptr<net::HttpClient> client;  ///< null where there is no service to ask
  std::unique_ptr<http::Contacts> contacts;
};

ContactsService contacts_service(const config::Settings& settings, http::Server& server, const Clock& clock) {
  ContactsService service;
  if (settings.contacts_lookup_endpoint.empty()) {
    service.contacts = std::make_unique<http::NoContacts>();
    return service;
  }
  service.client = std::make_unique<net::HttpClient>(server.executor(), net::HttpClient::Options{});
  const auto send = [client = service.client.get()](net::Request request, std::chrono::milliseconds timeout,
                                                    net::HttpClient::Done done) {
    client->send(std::move(request), timeout, std::move(done));
  };
  // The endpoint's form was checked with the settings.
  service.contacts =
      http::HttpContacts::make(
          {.endpoint = settings.contacts_lookup_endpoint, .timeout = settings.contacts_timeout}, clock, send)
          .value();
  return service;
}

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
  result.events = event_settings(settings);
  result.presence = settings.presence_enabled;
  result.presence_ttl = settings.presence_ttl;
  result.policy = policy_rules(settings);
  result.limits = rate_limits(settings);
  result.hook_window = settings.policy_hook_concurrency;
  result.backoff_min = settings.reconnect_min;
  result.backoff_max = settings.reconnect_max;
  result.standby_retry = settings.standby_retry;
  return result;
}

std::string why_broker(const config::Loaded& loaded) {
  if (loaded.settings.broker != config::BrokerChoice::kAuto) return "BROKER says so";
  return loaded.settings.embedded ? "no RABBITMQ_* is set" : "RABBITMQ_* is set";
}

std::string layouts(const config::Settings& settings) {
  if (settings.layout_path && settings.layout_chat21) return "path,chat21";
  return settings.layout_path ? "path" : "chat21";
}

}  // namespace

Service::Service(const config::Loaded& loaded, Log& log)
    : loaded_(loaded),
      settings_(loaded.settings),
      log_(log),
      metrics_(health_),
      topics_(topics_of(settings_)) {
  http::add_health(routes_, health_);
  http::add_metrics(routes_, metrics_);
  http::add_metrics(metrics_routes_, metrics_);
  http::add_openapi(routes_);
  add_api();
}

void Service::add_api() {
  if (settings_.jwt_secret.empty()) return;
  verifier_.emplace(std::vector{auth::Key::hs256(settings_.jwt_secret).value()});
  api_.emplace(http::Api{.backend = backend_,
                         .topics = topics_,
                         .clock = clock_,
                         .entropy = api_entropy_,
                         .verifier = *verifier_,
                         .settings = {.base = settings_.baseurl,
                                      .sync_retention = settings_.sync_retention,
                                      .endpoints = event_settings(settings_).endpoints,
                                      .max_group_members = settings_.max_group_members,
                                      .block_notice = policy_rules(settings_).block_notice},
                         .replies = replies_,
                         .rescan = [this] {
                           const std::lock_guard lock(mutex_);
                           if (sender_ != nullptr) sender_->rescan();
                         }});
  http::add_api(routes_, *api_);
}

int Service::run() {
  banner();
  if (!listen()) return kFailed;
  std::unique_ptr<store::RocksDbStore> store;
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
  changed_.notify_all();
  if (engine_ == nullptr) return;
  if (node_ == nullptr) return engine_->stop(*deadline_);
  metrics_.link(LinkState::kDraining, "");
  *deadline_ += settings_.drain_time;
  drainer_ =
      std::thread([node = node_, engine = engine_, time = settings_.drain_time, deadline = *deadline_] {
        node->drain(time);
        engine->stop(deadline);
      });
}

void Service::banner() const {
  const std::string sync = settings_.store_sync == config::StoreSync::kBatch ? "batch" : "none";
  log_.info("starting", {{"version", INBOXD_VERSION},
                         {"broker", settings_.embedded ? "embedded" : "rabbitmq"},
                         {"because", why_broker(loaded_)},
                         {"app", settings_.app_id},
                         {"layouts", layouts(settings_)},
                         {"path_prefix", settings_.path_prefix},
                         {"store", settings_.data_dir},
                         {"store_sync", sync}});
  if (!settings_.embedded) {
    const Login login = login_of(settings_).value();
    log_.info("RabbitMQ", {{"brokers", shown_addresses(login)},
                           {"vhost", login.vhost},
                           {"login", login.password.empty() ? "service token" : "password"}});
  } else if (settings_.auth_mode == config::AuthMode::kNone) {
    log_.warn("AUTH_MODE=none: whoever reaches the MQTT listeners may read and write everything");
  }
  for (const std::string& warning : loaded_.warnings) log_.warn("setting", {{"warning", warning}});
  if (!loaded_.inert.empty()) {
    log_.warn("settings without effect in this version are set",
              {{"names", fmt::format("{}", fmt::join(loaded_.inert, ","))}});
  }
}

bool Service::listen() {
  std::vector<http::Listener> listeners = {{settings_.http_bind, settings_.http_port, &routes_, {}}};
  if (!settings_.cert_pem.empty()) listeners[0].tls = {settings_.cert_pem, settings_.key_pem};
  if (settings_.metrics_port != 0)
    listeners.push_back({settings_.http_bind, settings_.metrics_port, &metrics_routes_, {}});
  http::Limits limits;
  limits.connections = settings_.http_connections;
  limits.body_bytes = settings_.http_body_bytes;
  auto server = http::Server::start(listeners, limits);
  if (!server) {
    log_.error("HTTP cannot start; see HTTP_PORT, METRICS_PORT, HTTP_BIND, CERT_PEM and KEY_PEM",
               {{"why", server.error()}});
    return false;
  }
  server_ = std::move(*server);
  if (!api_) log_.warn("the REST API is off: there is no JWT_SECRET to check tokens with");
  log_.info("HTTP listens", {{"address", settings_.http_bind},
                             {"port", std::to_string(settings_.http_port)},
                             {"metrics_port", std::to_string(settings_.metrics_port)}});
  return true;
}

/// The store, or nothing where stop() came while another process had it.
std::unique_ptr<store::RocksDbStore> Service::open_store() {
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

int Service::work(store::RocksDbStore& store) {
  const auto policies =
      PolicyServices::start(settings_, store, clock_, hook_entropy_, log_, metrics_.registry());
  if (!policies) return kFailed;
  const auto sender = make_sender(store);
  CommitHub hub(replies_, sender.get());
  const auto node = make_node(store);
  const std::unique_ptr<Broker> rabbitmq =
      node ? nullptr : std::make_unique<rabbitmq::RabbitBroker>(broker_settings(settings_, clock_));
  Engine engine(engine_settings(settings_), {.broker = node ? node->broker() : *rabbitmq,
                                             .store = store,
                                             .clock = clock_,
                                             .entropy = entropy_,
                                             .log = log_,
                                             .probe = metrics_,
                                             .listener = &hub,
                                             .filters = &policies->filters(),
                                             .hook = policies->hook()});
  // Its answers wake the engine, and may come until it ends.
  const OnExit end_hook([&policies] { policies->end_hook(); });
  const ContactsService contacts = contacts_service(settings_, *server_, clock_);
  // In reverse order of making: nobody may be shown what is gone, and what runs on the server's thread ends
  // with it.
  const OnExit stop_server([this] { server_->stop(); });
  const OnExit close_api([this] { backend_.close(); });
  backend_.open({store, engine.submitter(), *contacts.contacts, server_->loop(), &policies->filters(),
                 &policies->filters(), node.get()});
  const OnExit stop_node([&node] {
    if (node) node->stop();
  });
  if (!open_doors(node.get())) return kFailed;
  {
    const std::lock_guard lock(mutex_);
    if (deadline_) return kDone;
    node_ = node.get();
    engine_ = &engine;
    sender_ = sender.get();
    filters_ = &policies->filters();
  }
  const OnExit hide([this] {
    const std::lock_guard lock(mutex_);
    engine_ = nullptr;
    sender_ = nullptr;
    filters_ = nullptr;
    node_ = nullptr;
  });
  engine.run();
  if (drainer_.joinable()) drainer_.join();
  const auto deadline = stopped_by();
  const bool in_time = SteadyClock::now() < deadline;
  // What an endpoint does not answer in time stays in the outbox: no work undone.
  if (sender) sender->stop(deadline);
  if (!in_time) log_.error("SHUTDOWN_TIMEOUT passed with work undone; the broker delivers it again");
  return in_time ? kDone : kFailed;
}

std::unique_ptr<EmbeddedNode> Service::make_node(store::RocksDbStore& store) {
  if (!settings_.embedded) return nullptr;
  return std::make_unique<EmbeddedNode>(settings_, store, store.sessions(), clock_, log_,
                                        metrics_.registry());
}

bool Service::open_doors(EmbeddedNode* node) {
  if (node == nullptr) return true;
  if (auto listens = node->listen(); !listens) {
    log_.error("MQTT cannot start; see BIND, MQTT_PORT, MQTT_WS_PORT, MQTT_TLS_PORT and MQTT_WSS_PORT",
               {{"why", listens.error()}});
    return false;
  }
  log_.info("MQTT listens", {{"address", settings_.bind},
                             {"port", std::to_string(settings_.mqtt_port)},
                             {"ws_port", std::to_string(settings_.mqtt_ws_port)},
                             {"tls_port", std::to_string(settings_.mqtt_tls_port)},
                             {"wss_port", std::to_string(settings_.mqtt_wss_port)}});
  return true;
}

/// The engine ends by stop() alone.
SteadyClock::time_point Service::stopped_by() {
  const std::lock_guard lock(mutex_);
  return deadline_.value_or(SteadyClock::now() + settings_.shutdown_timeout);
}

std::unique_ptr<webhook::WebhookSender> Service::make_sender(Store& store) {
  if (!settings_.webhook_enabled) return nullptr;
  webhook::Settings settings = webhook_settings(settings_);
  webhook_metrics_ = std::make_unique<WebhookMetrics>(metrics_.registry(), settings.endpoints);
  return std::make_unique<webhook::WebhookSender>(std::move(settings), store, clock_, webhook_entropy_, log_,
                                                  *webhook_metrics_);
}

void Service::reload() {
  {
    const std::lock_guard lock(mutex_);
    if (filters_ != nullptr) filters_->reload();
  }
  {
    const std::lock_guard lock(mutex_);
    auto reloaded = node_ == nullptr ? Result<void, std::string>{} : node_->reload();
    if (!reloaded) {
      log_.error("the MQTT certificate cannot be read; the earlier one stays", {{"why", reloaded.error()}});
    }
  }
  if (settings_.cert_pem.empty() || !server_) return;
  if (auto reloaded = server_->reload(); !reloaded) {
    log_.error("the HTTPS certificate cannot be read; the earlier one stays", {{"why", reloaded.error()}});
  } else {
    log_.info("the HTTPS certificate was read anew");
  }
}

}  // namespace inboxd::app
