#include "app/rabbitmq_files.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace inboxd::app {
namespace {

/// `address:port`, with the brackets that an IPv6 address needs.
std::string endpoint(const std::string& address, std::uint16_t port) {
  return address.find(':') == std::string::npos ? fmt::format("{}:{}", address, port)
                                                : fmt::format("[{}]:{}", address, port);
}

/// The keys that verify tokens. A token whose header names no key is checked with the default one.
std::string oauth2_section(const std::string& secret) {
  constexpr std::string_view kKey = "tiledesk-key";
  return fmt::format(R"( {{rabbitmq_auth_backend_oauth2, [
   {{resource_server_id, <<"rabbitmq">>}},
   {{key_config, [
     {{default_key, <<"{0}">>}},
     {{signing_keys, #{{<<"{0}">> =>
       {{map, #{{<<"kty">> => <<"MAC">>, <<"alg">> => <<"HS256">>,
              <<"value">> => {1}}}}}}}}}
   ]}}
 ]}},
)",
                     kKey, erlang_binary(secret));
}

std::string default_permissions(const BrokerFiles& files) {
  return files.user.empty() ? R"([<<"^$">>, <<"^$">>, <<"^$">>])" : R"([<<".*">>, <<".*">>, <<".*">>])";
}

}  // namespace

std::string erlang_binary(std::string_view bytes) {
  const bool plain = std::all_of(bytes.begin(), bytes.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '/' || c == '.';
  });
  if (plain) return fmt::format("<<\"{}\">>", bytes);
  std::string numbers;
  for (const char c : bytes) {
    if (!numbers.empty()) numbers += ',';
    numbers += std::to_string(static_cast<unsigned char>(c));
  }
  return "<<" + numbers + ">>";
}

std::string rabbitmq_conf(const BrokerFiles& files) {
  return fmt::format(R"(# {0}. The virtual host, users and keys are in advanced.config.

# AMQP: the engine and back ends.
listeners.tcp.1 = {1}
tcp_listen_options.backlog = 1024
tcp_listen_options.nodelay = true
tcp_listen_options.keepalive = true

# MQTT: clients. Topics and routing keys are the same thing on this exchange.
mqtt.listeners.tcp.1 = {2}
mqtt.exchange = amq.topic
mqtt.allow_anonymous = false
mqtt.prefetch = 100
mqtt.tcp_listen_options.backlog = 4096
mqtt.tcp_listen_options.nodelay = true
mqtt.tcp_listen_options.keepalive = true

# MQTT over WebSocket: browsers.
web_mqtt.tcp.ip = {3}
web_mqtt.tcp.port = {4}
web_mqtt.ws_path = /ws

# Above the engine's own limit, so that what is too large for it is refused with a reason.
max_message_size = {5}
)",
                     kWrittenBy, endpoint(files.bind, files.amqp_port), endpoint(files.bind, files.mqtt_port),
                     files.bind, files.web_mqtt_port, files.max_message_bytes);
}

std::string advanced_config(const BrokerFiles& files) {
  const bool tokens = !files.jwt_secret.empty();
  const std::string vhost = erlang_binary(files.vhost);
  return fmt::format(R"(%% {0}. Holds secrets: for the broker's eyes alone.
[
{1} {{rabbitmq_mqtt, [{{vhost, {2}}}]}},
 {{rabbit, [
   {{auth_backends, [{3}rabbit_auth_backend_internal]}},
   %% A node's first start makes this virtual host and this user, and no guest.
   {{default_vhost, {2}}},
   {{default_user, {4}}},
   {{default_pass, {5}}},
   {{default_user_tags, []}},
   {{default_permissions, {6}}}
 ]}}
].
)",
                     kWrittenBy, tokens ? oauth2_section(files.jwt_secret) : "", vhost,
                     tokens ? "rabbit_auth_backend_oauth2, " : "",
                     erlang_binary(files.user.empty() ? "nobody" : files.user), erlang_binary(files.password),
                     default_permissions(files));
}

std::string enabled_plugins() {
  return fmt::format("%% {}.\n[rabbitmq_mqtt,rabbitmq_web_mqtt,rabbitmq_auth_backend_oauth2].\n", kWrittenBy);
}

}  // namespace inboxd::app
