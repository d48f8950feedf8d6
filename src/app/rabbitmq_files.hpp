#pragma once

#include <cstdint>
#include <string>

/// The texts of a RabbitMQ node's configuration files.
namespace inboxd::app {

struct BrokerFiles {
  std::string bind = "127.0.0.1";  ///< of every listener
  std::uint16_t amqp_port = 5672;
  std::uint16_t mqtt_port = 1883;
  std::uint16_t web_mqtt_port = 15675;
  std::string vhost = "/";
  std::string jwt_secret;  ///< any bytes; empty: no tokens
  std::string user;        ///< empty: none that can log in
  std::string password;    ///< random where there is no user
  std::uint64_t max_message_bytes = 0;
};

/// The first line of each file: what carries it may be written anew.
inline constexpr std::string_view kWrittenBy = "Written by `inboxd rabbitmq-config`";

std::string rabbitmq_conf(const BrokerFiles& files);
/// Holds secrets.
std::string advanced_config(const BrokerFiles& files);
std::string enabled_plugins();

/// Any bytes as an Erlang binary.
std::string erlang_binary(std::string_view bytes);

}  // namespace inboxd::app
