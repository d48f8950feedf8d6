#pragma once

#include <string>
#include <vector>

#include "app/mqtt_client.hpp"
#include "config/settings.hpp"
#include "core/result.hpp"
#include "core/topic.hpp"
#include "engine/ports.hpp"
#include "rabbitmq/settings.hpp"

/// From what the operator wrote to what the broker's adapter takes.
namespace inboxd::app {

/// Where the broker is and who we are there: RABBITMQ_URI, or the parts where there is none.
struct Login {
  std::vector<rabbitmq::Address> addresses;
  std::string vhost;
  std::string user;
  std::string password;  ///< empty: with a service token
  std::chrono::seconds heartbeat{};
};

/// The error says what is wrong with the addresses or the URI, and quotes no secret.
Result<Login, std::string> login_of(const config::Settings& settings);

Topics topics_of(const config::Settings& settings);

/// For settings that load_settings() has passed. `clock` must outlive the result.
rabbitmq::Settings broker_settings(const config::Settings& settings, const Clock& clock);

/// Where MQTT clients connect.
MqttAddress mqtt_address(const config::Settings& settings);

/// The addresses, for people: without credentials.
std::string shown_addresses(const Login& login);

}  // namespace inboxd::app
