#pragma once

#include <memory>
#include <string>

#include "app/mqtt_metrics.hpp"
#include "app/system.hpp"
#include "auth/jwt.hpp"
#include "config/settings.hpp"
#include "core/result.hpp"
#include "engine/bindings.hpp"
#include "engine/locked_entropy.hpp"
#include "mqtt/embedded_broker.hpp"
#include "mqtt/flap_guard.hpp"
#include "mqtt/front.hpp"
#include "mqtt/io_threads.hpp"
#include "mqtt/listener.hpp"

namespace inboxd::app {

/// What the embedded broker has running: its I/O threads and listeners, and the broker port that the engine
/// is given.
class EmbeddedNode final : public ConnectionAdmin {
 public:
  /// What it is given must outlive it.
  EmbeddedNode(const config::Settings& settings, Store& store, SessionStore& sessions, Clock& clock, Log& log,
               prometheus::Registry& registry);
  /// stop() must have been called, or listen() not.
  ~EmbeddedNode() override;
  EmbeddedNode(const EmbeddedNode&) = delete;
  EmbeddedNode& operator=(const EmbeddedNode&) = delete;

  Broker& broker() noexcept { return broker_; }

  /// Opens the doors. The error says, for people, which port or file failed and why.
  Result<void, std::string> listen();
  /// Closes the doors, and the connections over some time: while the engine still works.
  void drain(std::chrono::milliseconds time);
  void stop();

  void list(Query query, Listed done) override;
  void disconnect(std::uint64_t id, Ended done) override;

  Result<void, std::string> reload() { return listener_ ? listener_->reload() : Result<void, std::string>{}; }

 private:
  std::string new_client_id();
  std::size_t most_connections() const;

  const config::Settings& settings_;
  SystemEntropy random_;
  LockedEntropy entropy_;  ///< I/O threads share it
  MqttMetrics metrics_;
  const Bindings bindings_;
  mqtt::ConnectionSettings connection_settings_;
  mqtt::Authenticator authenticator_;
  mqtt::FlapGuard flaps_;
  mqtt::IoThreads threads_;
  mqtt::Switchboard switchboard_;
  mqtt::Feed feed_;
  mqtt::Front front_;
  mqtt::EmbeddedBroker broker_;
  std::unique_ptr<mqtt::Listener> listener_;
};

}  // namespace inboxd::app
