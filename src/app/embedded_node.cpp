#include "app/embedded_node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "app/broker_settings.hpp"
#include "auth/key.hpp"
#include "core/topic.hpp"
#include "mqtt/client_connection.hpp"

namespace inboxd::app {
namespace {

constexpr std::size_t kFeedBytes = std::size_t{32} * 1024 * 1024;
constexpr std::size_t kPresencePage = 1000;

std::uint32_t seconds_of(std::chrono::milliseconds time) {
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(time).count());
}

mqtt::ConnectionSettings connection_settings(const config::Settings& settings) {
  mqtt::ConnectionSettings result;
  result.max_packet_bytes = settings.mqtt_max_packet_bytes;
  result.max_session_expiry = seconds_of(settings.mqtt_session_expiry);
  result.token_grace = std::chrono::duration_cast<std::chrono::seconds>(settings.token_grace);
  result.max_unsent = settings.mqtt_max_unsent_bytes;
  return result;
}

mqtt::Authenticator authenticator(const config::Settings& settings) {
  if (settings.auth_mode == config::AuthMode::kNone) return {};
  return {auth::Verifier(std::vector{auth::Key::hs256(settings.jwt_secret).value()}),
          std::make_shared<const mqtt::AccessContext>(settings.rabbitmq_vhost, topics_of(settings))};
}

mqtt::FlapGuard::Settings flap_settings(const config::Settings& settings) {
  const auto per_minute = static_cast<double>(settings.mqtt_connects_per_minute);
  return {.at_once = per_minute / 2, .per_minute = per_minute};
}

std::size_t io_threads(const config::Settings& settings) {
  if (settings.mqtt_io_threads != 0) return settings.mqtt_io_threads;
  return std::max<std::size_t>(std::thread::hardware_concurrency(), 2) - 1;
}

/// Everybody whom an earlier process knew to be connected.
std::vector<std::string> presence_keys(const Store& store, const Topics& topics) {
  std::vector<std::string> keys;
  std::optional<PresenceRow> after;
  for (auto page = store.presence_page(after, kPresencePage); !page.empty();
       page = store.presence_page(after, kPresencePage)) {
    for (const PresenceRow& row : page) keys.push_back(presence_key(topics, row.user, row.client));
    after = page.back();
  }
  return keys;
}

mqtt::EmbeddedSettings broker_settings_of(const config::Settings& settings, const Store& store,
                                          const Bindings& bindings) {
  const Topics topics = topics_of(settings);
  mqtt::EmbeddedSettings result;
  result.hub.sessions.queued_messages = settings.mqtt_max_queued;
  result.hub.sessions.in_flight_bytes = settings.mqtt_max_unsent_bytes / 2;
  result.hub.sessions_per_user = settings.mqtt_max_connections_per_user;
  result.hub.connections_per_user = settings.mqtt_max_connections_per_user;
  if (topics.chat21) result.hub.inbox_roots.push_back("apps/" + topics.app.str() + "/users");
  if (topics.path) result.hub.inbox_roots.push_back(settings.path_prefix);
  result.hub.heard = [&bindings](std::string_view key) { return bindings.hears(key); };
  if (settings.presence_enabled && topics.chat21) {
    result.hub.presence_key = [topics](const std::string& user,
                                       const std::string& client) -> std::optional<std::string> {
      const auto id = parse_party(user);
      if (!id || !is_valid_id(client)) return std::nullopt;
      return presence_key(topics, *id, client);
    };
    result.stale_presence = presence_keys(store, topics);
  }
  return result;
}

std::vector<mqtt::Endpoint> endpoints(const config::Settings& s) {
  using Kind = mqtt::TransportKind;
  const tls::Files files{s.mqtt_cert_pem.empty() ? s.cert_pem : s.mqtt_cert_pem,
                         s.mqtt_key_pem.empty() ? s.key_pem : s.mqtt_key_pem};
  std::vector<mqtt::Endpoint> result = {{.kind = Kind::kTcp, .address = s.bind, .port = s.mqtt_port}};
  if (s.mqtt_ws_port != 0) result.push_back({.kind = Kind::kWs, .address = s.bind, .port = s.mqtt_ws_port});
  if (s.mqtt_tls_port != 0) {
    result.push_back({.kind = Kind::kTls, .address = s.bind, .port = s.mqtt_tls_port, .certificate = files});
  }
  if (s.mqtt_wss_port != 0) {
    result.push_back({.kind = Kind::kWss, .address = s.bind, .port = s.mqtt_wss_port, .certificate = files});
  }
  return result;
}

}  // namespace

EmbeddedNode::EmbeddedNode(const config::Settings& settings, Store& store, SessionStore& sessions,
                           Clock& clock, Log& log, prometheus::Registry& registry)
    : settings_(settings),
      entropy_(random_),
      metrics_(registry, log),
      bindings_(topics_of(settings)),
      connection_settings_(connection_settings(settings)),
      authenticator_(authenticator(settings)),
      flaps_(flap_settings(settings)),
      threads_(io_threads(settings),
               [&log](std::string_view why) {
                 log.error("an I/O task failed", {{"why", std::string(why)}});
               }),
      switchboard_(threads_),
      feed_(kFeedBytes, [this] { switchboard_.room(); }),
      front_{.settings = connection_settings_,
             .authenticator = authenticator_,
             .switchboard = switchboard_,
             .feed = feed_,
             .flaps = flaps_,
             .clock = clock,
             .probe = metrics_,
             .log = log,
             .new_client_id = [this] { return new_client_id(); }},
      broker_(broker_settings_of(settings, store, bindings_), sessions, clock, switchboard_, feed_, metrics_,
              log) {}

EmbeddedNode::~EmbeddedNode() = default;

/// A name is a key to a session: nobody is to guess it.
std::string EmbeddedNode::new_client_id() {
  return fmt::format("auto-{:016x}{:016x}", entropy_.next(), entropy_.next());
}

/// No more than leave the store and HTTP the descriptors that they need.
std::size_t EmbeddedNode::most_connections() const {
  constexpr std::size_t kFew = 1'000;
  const std::size_t room = descriptors_for_clients(raise_descriptor_limit());
  if (room >= settings_.mqtt_max_connections) return settings_.mqtt_max_connections;
  front_.log.write(room < kFew ? LogLevel::kWarn : LogLevel::kInfo,
                   "fewer MQTT connections than MQTT_MAX_CONNECTIONS: file descriptors",
                   std::array{LogField{"limit", std::to_string(room)}});
  return room;
}

Result<void, std::string> EmbeddedNode::listen() {
  auto listener = mqtt::Listener::start(
      endpoints(settings_),
      {.connections = most_connections(),
       .connections_per_address = settings_.mqtt_max_connections_per_address,
       .message_bytes = settings_.mqtt_max_packet_bytes},
      {.threads = threads_,
       .factory = [this](const mqtt::Transport&) { return std::make_unique<mqtt::ClientConnection>(front_); },
       .probe = metrics_});
  if (!listener) return Failure<std::string>(std::move(listener.error()));
  listener_ = *std::move(listener);
  return {};
}

void EmbeddedNode::drain(std::chrono::milliseconds time) {
  if (!listener_) return;
  listener_->stop_accepting();
  switchboard_.drain(time);
  const auto deadline = SteadyClock::now() + time + std::chrono::seconds(1);
  while (listener_->connections() > 0 && SteadyClock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void EmbeddedNode::list(Query query, Listed done) {
  feed_.ask(
      [query = std::move(query), done = std::move(done)](mqtt::Hub& hub) { done(hub.connections(query)); });
}

void EmbeddedNode::disconnect(std::uint64_t id, Ended done) {
  feed_.ask([id, done = std::move(done)](mqtt::Hub& hub) {
    done(hub.disconnect(id, mqtt::Reason::kAdministrativeAction));
  });
}

void EmbeddedNode::stop() {
  if (listener_) listener_->stop();
  threads_.stop();
}

}  // namespace inboxd::app
