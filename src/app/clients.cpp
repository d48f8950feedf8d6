#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>
#include <memory>

#include "app/broker_settings.hpp"
#include "app/invocation.hpp"
#include "app/send.hpp"
#include "app/token.hpp"
#include "app/watch.hpp"

/// token, send and watch: what needs no more of the settings than the secret and the topics.
namespace inboxd::app {
namespace {

void fill(TokenOptions& token, const config::Settings& settings) {
  token.secret = settings.jwt_secret;
  token.vhost = login_of(settings).value().vhost;
  token.topics = topics_of(settings);
}

void add_token(CLI::App& root, Invocation& invocation) {
  CLI::App* const command =
      root.add_subcommand("token", "Print a token for a user: the password of his MQTT client");
  add_settings(*command, invocation);
  const auto options = std::make_shared<TokenOptions>();
  const auto app = std::make_shared<std::string>();
  command->add_option("--user", options->user, "Whose token")->required();
  command->add_option("--app", *app, "Tenant; default: APP_ID");
  command->add_flag("--admin", options->admin, "May act for others over REST");
  command->add_option("--ttl", options->ttl_seconds, "Seconds until it expires")->capture_default_str();
  command->add_flag("--legacy-scopes", options->legacy_scopes,
                    "The ecosystem's usual scopes, which let the user read everybody's messages over AMQP");
  command->add_flag(
      "--backend", options->backend,
      "For a back end: an admin who may publish and hear every topic; treat it like a password");
  on_chosen(*command, invocation, Needs::kSecret, [options, app](const config::Settings& settings) {
    fill(*options, settings);
    if (!app->empty()) options->topics.app = AppId(*app);
    return run_token(*options, std::cout, std::cerr);
  });
}

void add_send(CLI::App& root, Invocation& invocation) {
  CLI::App* const command =
      root.add_subcommand("send", "Send a message as a user, over MQTT, and wait for the engine's answer");
  add_settings(*command, invocation);
  const auto options = std::make_shared<SendOptions>();
  command->add_option("--as", options->token.user, "Who sends")->required();
  command->add_option("--to", options->to, "The user or group to send to")->required();
  command->add_option("--name", options->sender_fullname, "The sender's full name; default: his id");
  command->add_option("text", options->text, "The message")->required();
  on_chosen(*command, invocation, Needs::kSecret, [options](const config::Settings& settings) {
    fill(options->token, settings);
    options->broker = mqtt_address(settings);
    return run_send(*options, std::cout, std::cerr);
  });
}

void add_watch(CLI::App& root, Invocation& invocation) {
  CLI::App* const command = root.add_subcommand("watch", "Print what arrives in a user's inbox, over MQTT");
  add_settings(*command, invocation);
  const auto options = std::make_shared<WatchOptions>();
  const auto seconds = std::make_shared<std::optional<std::int64_t>>();
  command->add_option("--as", options->token.user, "Whose inbox")->required();
  command->add_option("--count", options->count, "Stop after so many messages");
  command->add_option("--seconds", *seconds, "Stop after so many seconds");
  command->add_flag("--json", options->json, "An object of JSON for each message");
  on_chosen(*command, invocation, Needs::kSecret, [options, seconds](const config::Settings& settings) {
    fill(options->token, settings);
    options->broker = mqtt_address(settings);
    if (*seconds) options->seconds = std::chrono::seconds(**seconds);
    return run_watch(*options, std::cout, std::cerr);
  });
}

}  // namespace

void add_clients(CLI::App& root, Invocation& invocation) {
  add_token(root, invocation);
  add_send(root, invocation);
  add_watch(root, invocation);
}

}  // namespace inboxd::app
