#include "app/broker_settings.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "app/token.hpp"
#include "rabbitmq/uri.hpp"

namespace inboxd::app {
namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

/// The user name beside a token; the broker goes by the token alone.
constexpr const char* kServiceUser = "inboxd";

Result<Login, std::string> login_of_uri(const config::Settings& settings) {
  auto parsed = rabbitmq::parse_amqp_uris(settings.rabbitmq_uri);
  if (!parsed) return Failure<std::string>(std::move(parsed.error()));
  Login login{std::move(parsed->addresses), std::move(parsed->vhost), std::move(parsed->user),
              std::move(parsed->password),
              parsed->heartbeat.value_or(duration_cast<seconds>(settings.rabbitmq_heartbeat))};
  // The URI wins where it says something; one without a password leaves that to the parts.
  if (login.password.empty()) {
    login.user = settings.rabbitmq_user;
    login.password = settings.rabbitmq_password;
  }
  return login;
}

/// Mints a token for each login. The session is renewed when five sixths of its life are over.
class TokenSource {
 public:
  TokenSource(const config::Settings& settings, std::string vhost, const Clock& clock)
      : secret_(settings.jwt_secret),
        vhost_(std::move(vhost)),
        app_(settings.app_id),
        ttl_(duration_cast<seconds>(settings.service_token_ttl)),
        clock_(&clock) {}

  rabbitmq::Credentials operator()() const {
    auto token = make_service_token(secret_, vhost_, app_, clock_->now() / 1000, ttl_.count());
    if (!token) throw std::runtime_error("cannot mint a service token: " + token.error());
    return {kServiceUser, std::move(*token), clock_->steady() + ttl_ * 5 / 6};
  }

 private:
  std::string secret_;
  std::string vhost_;
  AppId app_;
  seconds ttl_;
  const Clock* clock_;
};

}  // namespace

Result<Login, std::string> login_of(const config::Settings& settings) {
  if (!settings.rabbitmq_uri.empty()) return login_of_uri(settings);
  auto addresses = rabbitmq::parse_hosts(fmt::format("{}", fmt::join(settings.rabbitmq_host, ",")),
                                         settings.rabbitmq_port, settings.rabbitmq_tls);
  if (!addresses) return Failure<std::string>(std::move(addresses.error()));
  return Login{std::move(*addresses), settings.rabbitmq_vhost, settings.rabbitmq_user,
               settings.rabbitmq_password, duration_cast<seconds>(settings.rabbitmq_heartbeat)};
}

Topics topics_of(const config::Settings& settings) {
  return {AppId(settings.app_id), path_key_of(settings.path_prefix), settings.layout_path,
          settings.layout_chat21};
}

rabbitmq::Settings broker_settings(const config::Settings& settings, const Clock& clock) {
  Login login = login_of(settings).value();
  rabbitmq::Settings result;
  result.addresses = std::move(login.addresses);
  result.vhost = std::move(login.vhost);
  result.heartbeat = login.heartbeat;
  result.connect_timeout = settings.rabbitmq_connect_timeout;
  result.prefetch = settings.prefetch_messages;
  result.payload_limit = settings.max_group_bytes;
  result.consume = settings.active_queues != config::ActiveQueues::kNone;
  result.tls = {settings.rabbitmq_ca_file, settings.rabbitmq_cert_file, settings.rabbitmq_key_file,
                settings.rabbitmq_tls_verify};
  result.topics = topics_of(settings);
  if (login.password.empty()) {
    result.credentials = TokenSource(settings, result.vhost, clock);
  } else {
    result.credentials = [user = std::move(login.user), password = std::move(login.password)] {
      return rabbitmq::Credentials{user, password, std::nullopt};
    };
  }
  return result;
}

MqttAddress mqtt_address(const config::Settings& settings) {
  return {.host = settings.mqtt_host, .port = settings.mqtt_port, .ca_file = {}};
}

std::string shown_addresses(const Login& login) {
  std::string text;
  for (const rabbitmq::Address& address : login.addresses) {
    if (!text.empty()) text += ", ";
    text += to_string(address);
  }
  return text;
}

}  // namespace inboxd::app
