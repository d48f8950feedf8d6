#include "app/cli.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <exception>
#include <iostream>

#include "app/invocation.hpp"

namespace inboxd::app {
namespace {

constexpr const char* kAbout =
    "A messaging engine for chat, its own MQTT broker or on RabbitMQ: stores every message, then delivers it "
    "to the inboxes of its recipients.";

constexpr const char* kFooter =
    "Every setting can be given in the environment, in a TOML file (--config) or as a flag, e.g. "
    "RABBITMQ_HOST, "
    "rabbitmq_host,\n--rabbitmq-host. `inboxd config` lists them all.\n\n"
    "Exit codes: 0 done, 1 failed, 2 wrong command line or settings.";

}  // namespace

int run(int argc, const char* const* argv) {
  CLI::App root(kAbout, "inboxd");
  root.footer(kFooter);
  root.set_version_flag("--version", "inboxd " INBOXD_VERSION);
  root.require_subcommand(1);
  Invocation invocation;
  add_serve(root, invocation);
  add_check(root, invocation);
  add_config(root, invocation);
  add_clients(root, invocation);
  add_dead_letters(root, invocation);
  add_webhooks(root, invocation);
  add_policy(root, invocation);
  add_rabbitmq_config(root, invocation);
  const auto is_named = [&](const CLI::App* command) { return command->get_name() == argv[1]; };
  if (argc > 1 && argv[1][0] != '-' && root.get_subcommands(is_named).empty()) {
    std::cerr << "inboxd: there is no subcommand \"" << argv[1] << "\"; see inboxd --help\n";
    return kUsage;
  }
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return root.exit(error) == 0 ? kDone : kUsage;
  }
  try {
    return invocation.action();
  } catch (const std::exception& error) {
    std::cerr << "inboxd: " << error.what() << '\n';
    return kFailed;
  }
}

}  // namespace inboxd::app
