#pragma once

#include <cstddef>
#include <string_view>

#include "mqtt/packet.hpp"

namespace inboxd::mqtt {

/// Why a message did not reach a subscriber.
enum class Drop {
  kSlowReader,    ///< QoS 0, and the client does not take what it has been sent
  kQueueFull,     ///< as much waits for the session as may
  kExpired,       ///< MQTT 5's message expiry
  kTooLarge,      ///< larger than the client's maximum packet size
  kOffline,       ///< QoS 0 for a session without a connection
  kRetainedFull,  ///< as many retained messages as may be
  kUnauthorized,  ///< queued under a token that granted more than the present one
};

/// Where the broker says what it does. Safe for use from several threads; never blocks for long.
class MqttProbe {
 public:
  virtual ~MqttProbe() = default;
  virtual void connected() = 0;
  virtual void disconnected(Reason reason) = 0;
  virtual void refused(Reason reason) = 0;
  virtual void received(Qos qos, std::size_t bytes) = 0;
  virtual void sent(Qos qos, std::size_t bytes) = 0;
  virtual void dropped(Drop why) = 0;
  /// A publication or subscription that the token does not grant.
  virtual void unauthorized(std::string_view what) = 0;
  virtual void sessions(std::size_t all, std::size_t connected, std::size_t retained) = 0;
};

}  // namespace inboxd::mqtt
