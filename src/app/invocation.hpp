#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/exit_code.hpp"
#include "config/load.hpp"

namespace CLI {
class App;
}

namespace inboxd::app {

/// What the command line said: where settings come from, and what is to be done with them.
struct Invocation {
  std::string config_file;
  std::vector<config::FlagValue> flags;
  std::function<int()> action;  ///< of the subcommand; returns the exit code
};

/// Adds --config and the flag of every setting.
void add_settings(CLI::App& command, Invocation& invocation);

/// What a subcommand cannot do without.
enum class Needs {
  kNothing,
  kSecret,  ///< JWT_SECRET
  kLogin,   ///< a way to log in to the broker: a password, or JWT_SECRET
  kServe,   ///< the same; the embedded broker makes a JWT_SECRET where there is none
};

/// All the settings, checked one by one and against each other. Where something is wrong all of it is written
/// to standard error, and there is no result: exit with kUsage. Warnings are the caller's to pass on.
std::optional<config::Loaded> load_settings(const Invocation& invocation, Needs needs);

/// Writes what load_settings() wants to have noticed to standard error, for the subcommands that have no log.
void print_warnings(const config::Loaded& loaded);

/// Has `command`, where it is chosen, load what it needs, pass on the warnings, and exit with what `work`
/// returns; with kUsage where settings are wrong.
void on_chosen(CLI::App& command, Invocation& invocation, Needs needs,
               std::function<int(const config::Settings&)> work);

// One function per file of a subcommand: each adds it to `root` and sets `action` when it is chosen.
void add_serve(CLI::App& root, Invocation& invocation);
void add_check(CLI::App& root, Invocation& invocation);
void add_config(CLI::App& root, Invocation& invocation);
void add_rabbitmq_config(CLI::App& root, Invocation& invocation);
void add_dead_letters(CLI::App& root, Invocation& invocation);
void add_policy(CLI::App& root, Invocation& invocation);
void add_webhooks(CLI::App& root, Invocation& invocation);
void add_clients(CLI::App& root, Invocation& invocation);

}  // namespace inboxd::app
