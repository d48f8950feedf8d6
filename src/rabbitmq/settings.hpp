#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/topic.hpp"
#include "engine/ports.hpp"

/// RabbitMQ as a Broker, over AMQP 0-9-1.
namespace inboxd::rabbitmq {

/// Where a broker listens.
struct Address {
  std::string host;  ///< a name, or an address without brackets
  std::uint16_t port = 5672;
  bool tls = false;

  friend bool operator==(const Address&, const Address&) = default;
};

/// "amqps://host:5671", for messages. Never holds credentials.
std::string to_string(const Address& address);

/// How TLS links are checked. Files are PEM.
struct Tls {
  std::string ca_file;           ///< whom to trust; empty: the system's store
  std::string certificate_file;  ///< our own, with its chain; empty: none is shown
  std::string key_file;
  bool verify = true;  ///< the broker's chain and that it is made out to the address's host
};

struct Credentials {
  std::string user;
  std::string password;                             ///< never in a message or a log
  std::optional<SteadyClock::time_point> renew_at;  ///< becomes the session's renew_at()
};

struct Settings {
  std::vector<Address> addresses;  ///< of one cluster; tried in this order
  std::string vhost = "/";
  /// Asked for; the broker may shorten it. A peer that is silent for two of them is lost. 0: none, up to
  /// 65535.
  std::chrono::seconds heartbeat{20};
  std::chrono::milliseconds connect_timeout{5000};  ///< for all that connect() does at one address
  std::uint16_t prefetch = 1000;                    ///< unacknowledged deliveries per queue, at least 1
  std::size_t payload_limit = std::size_t{8} * 1024 * 1024;  ///< bytes kept of one delivery
  bool consume = true;                                       ///< false: declare, bind and publish only
  Tls tls;
  Topics topics;
  std::function<Credentials()> credentials;  ///< asked at each connect(), on its thread
};

}  // namespace inboxd::rabbitmq
