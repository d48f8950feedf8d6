#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "engine/ports.hpp"
#include "mqtt/authenticator.hpp"
#include "mqtt/feed.hpp"
#include "mqtt/flap_guard.hpp"
#include "mqtt/probe.hpp"
#include "mqtt/switchboard.hpp"

namespace inboxd::mqtt {

struct ConnectionSettings {
  std::size_t max_packet_bytes = std::size_t{1024} * 1024;
  /// QoS 1 and 2 of a client's that we have not answered; beyond, nothing more is read of it. That bounds it
  /// better than MQTT 5's receive maximum, which common clients do not heed: none is announced.
  std::size_t unanswered = 1'000;
  std::uint16_t topic_alias_maximum = 32;      ///< each way
  std::uint32_t max_session_expiry = 604'800;  ///< seconds; also of 3.1.1 sessions that are not clean
  std::chrono::seconds connect_timeout{10};    ///< from the connection to its CONNECT, and to the answer
  std::size_t max_connect_bytes = std::size_t{128} * 1024;  ///< of one of whom nobody knows who it is
  std::chrono::seconds token_grace{0};                      ///< how long a connection outlives its token
  std::size_t max_unsent =
      std::size_t{1024} * 1024;          ///< bytes that a client does not take; then QoS 0 is dropped
  std::chrono::seconds slow_reader{30};  ///< how long that may last
  std::size_t subscriptions_per_packet = 1'000;
};

/// What all connections share. For all I/O threads; the references must outlive the connections.
struct Front {
  const ConnectionSettings& settings;
  const Authenticator& authenticator;
  Switchboard& switchboard;
  Feed& feed;
  FlapGuard& flaps;
  const Clock& clock;
  MqttProbe& probe;
  Log& log;
  /// For a client that gives itself no name; of random bits, for a name is a key to a session.
  std::function<std::string()> new_client_id;
  std::atomic<std::uint64_t> last_connection{0};
};

}  // namespace inboxd::mqtt
