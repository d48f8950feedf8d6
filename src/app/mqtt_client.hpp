#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace inboxd::app {

struct MqttAddress {
  std::string host = "localhost";
  int port = 1883;
  bool tls = false;
  std::string ca_file;  ///< with tls; empty: the system's
};

struct MqttError {
  std::string message;  ///< for people; never holds the token
};

enum class MqttVersion { k311, k5 };

/// What MQTT 5 lets one say beside a message (3.3.2.3.7).
struct UserProperty {
  std::string name;
  std::string value;
};

/// An MQTT client with a clean session and a random client id, for the terminal commands. For one
/// thread: it works only inside its calls, and callbacks come from there.
class MqttClient {
 public:
  using Clock = std::chrono::steady_clock;
  using OnMessage = std::function<void(std::string_view topic, std::string_view payload)>;

  /// Messages between calls, at most kMaxWaiting of them, go to `on_message`; it may throw.
  explicit MqttClient(OnMessage on_message, MqttVersion version = MqttVersion::k311);
  ~MqttClient();
  MqttClient(const MqttClient&) = delete;
  MqttClient& operator=(const MqttClient&) = delete;

  /// Connects and logs in as user `JWT` with the token as password. Looking up the host's name is not bounded
  /// by the deadline, but by the resolver's own.
  Result<void, MqttError> connect(const MqttAddress& address, const std::string& token,
                                  Clock::time_point deadline);

  /// Returns once the broker has granted it.
  Result<void, MqttError> subscribe(const std::string& topic, int qos, Clock::time_point deadline);

  /// QoS 1; returns once the broker has acknowledged it.
  Result<void, MqttError> publish(const std::string& topic, std::string_view payload,
                                  Clock::time_point deadline);
  /// The same by MQTT 5, where the broker can say why not.
  Result<void, MqttError> publish(const std::string& topic, std::string_view payload,
                                  const UserProperty& property, Clock::time_point deadline);

  /// Works until `done` says so (true) or the deadline has passed (false). `done` is asked at least every 100
  /// ms.
  Result<bool, MqttError> run_until(const std::function<bool()>& done, Clock::time_point deadline);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace inboxd::app
