#include "config/flags.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <string>

namespace inboxd::config {
namespace {

void add_flag(CLI::App& command, const std::string& flag, std::string key, std::vector<FlagValue>& values) {
  const auto take = [&values, key = std::move(key)](const std::string& value) {
    values.push_back({key, value});
  };
  // An empty group keeps the option out of --help: there are dozens, and `inboxd config` explains them.
  command.add_option_function<std::string>(flag, take)
      ->group("")
      ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
}

}  // namespace

void add_flags(CLI::App& command, std::vector<FlagValue>& values) {
  for (const Setting& setting : all_settings()) {
    // A secret's flag is known all the same, so that giving it is answered with what to do instead.
    add_flag(command, flag_of(setting), key_of(setting), values);
    if (setting.kind == Kind::kSecret)
      add_flag(command, flag_of(setting) + "-file", key_of(setting) + "_file", values);
  }
}

}  // namespace inboxd::config
