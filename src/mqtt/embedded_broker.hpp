#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/ports.hpp"
#include "mqtt/feed.hpp"
#include "mqtt/hub.hpp"
#include "mqtt/switchboard.hpp"

namespace inboxd::mqtt {

struct EmbeddedSettings {
  HubSettings hub;
  /// Events on their way to the I/O threads beyond which the engine is asked to pause.
  std::size_t max_under_way = std::size_t{64} * 1024 * 1024;
  /// Publications that wait for the engine beyond which the feed is left alone.
  std::size_t max_ready = std::size_t{32} * 1024 * 1024;
  /// Keys of the presence that an earlier process left behind: all those connections are gone.
  std::vector<std::string> stale_presence;
};

/// The broker port without a broker: what clients publish for the engine are its deliveries, what the engine
/// publishes goes to their connections. All in the engine's turn: on its thread, or on one that it
/// lends its turn to.
///
/// A delivery that a session of the engine's did not acknowledge is kept and given to the next one, as a
/// broker does; a client's acknowledgement follows the engine's.
class EmbeddedBroker final : public Broker {
 public:
  /// What it is given must outlive it. The store is first read by connect().
  EmbeddedBroker(EmbeddedSettings settings, SessionStore& store, Clock& clock, Switchboard& switchboard,
                 Feed& feed, MqttProbe& probe, Log& log);
  ~EmbeddedBroker() override;
  EmbeddedBroker(const EmbeddedBroker&) = delete;
  EmbeddedBroker& operator=(const EmbeddedBroker&) = delete;

  /// Throws StoreError.
  Result<std::unique_ptr<BrokerSession>, BrokerError> connect() override;

 private:
  class Link;

  EmbeddedSettings settings_;
  SessionStore& store_;
  Clock& clock_;
  Switchboard& switchboard_;
  Feed& feed_;
  MqttProbe& probe_;
  Log& log_;
  std::optional<Hub> hub_;
  std::deque<Arrival> waiting_;         ///< not handed out yet
  std::deque<Arrival> unacknowledged_;  ///< handed out, in the order of their tags
};

}  // namespace inboxd::mqtt
