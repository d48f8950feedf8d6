#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "unique_fd.hpp"

namespace inboxd::bench {

struct MqttLogin {
  std::string host;
  int port = 1883;
  std::string client_id;
  std::string user;
  std::string password;
  std::string from = {};  ///< the address to connect from; empty: whichever the system takes
};

/// A message that came in. The views live until the next call of next() or read().
struct MqttMessage {
  std::string_view topic;
  std::string_view payload;
};

/// As much of MQTT 3.1.1 as a load generator needs, with no work of its own per message but the copy into one
/// buffer: CPU that it spends is CPU that what it measures lacks. For one thread. Throws on any failure.
class MqttClient {
 public:
  /// Connects and logs in with a clean session and no keep-alive; blocks for up to ten seconds.
  /// Reads `buffer_bytes` at a time, and no message that is larger.
  explicit MqttClient(const MqttLogin& login, std::size_t buffer_bytes = std::size_t{1} << 18);

  /// Blocks until the broker has granted it. Not to be called once messages flow.
  void subscribe(std::string_view filter, int qos);

  /// Appends to what flush() writes.
  void publish(std::string_view topic, std::string_view payload, int qos);

  /// Writes what the socket takes. Whether all is written.
  bool flush();

  /// Reads what has come.
  void read();
  /// The next message of what read() has read; acknowledges it where its QoS asks for that. None: read()
  /// again.
  std::optional<MqttMessage> next();

  int fd() const noexcept { return fd_.get(); }

 private:
  struct Packet {
    std::uint8_t type = 0;  ///< the first byte, flags included
    std::string_view body;
  };
  std::optional<Packet> next_packet();
  std::string_view await(std::uint8_t type);
  MqttMessage opened(const Packet& packet);

  UniqueFd fd_;
  std::uint16_t last_id_ = 0;
  std::string out_;
  std::size_t written_ = 0;
  std::vector<char> in_;
  std::size_t begin_ = 0;  ///< of what is not yet taken from in_
  std::size_t end_ = 0;
};

}  // namespace inboxd::bench
