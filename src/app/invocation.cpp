#include "app/invocation.hpp"

#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>
#include <string_view>
#include <utility>

#include "app/rules.hpp"
#include "app/secret.hpp"
#include "config/flags.hpp"
#include "config/rules.hpp"

namespace inboxd::app {
namespace {

using Environment = std::map<std::string, std::string, std::less<>>;

Environment environment() {
  Environment result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto sign = text.find('=');
    if (sign != std::string_view::npos) result.emplace(text.substr(0, sign), text.substr(sign + 1));
  }
  return result;
}

void print(const config::Problems& problems) {
  for (const std::string& problem : problems) std::cerr << "inboxd: " << problem << '\n';
}

}  // namespace

void add_settings(CLI::App& command, Invocation& invocation) {
  command.add_option("--config", invocation.config_file, "TOML file of settings (also: INBOXD_CONFIG)");
  config::add_flags(command, invocation.flags);
}

std::optional<config::Loaded> load_settings(const Invocation& invocation, Needs needs) {
  config::Sources sources{invocation.flags, environment(), invocation.config_file};
  if (sources.file.empty()) {
    const auto named = sources.environment.find(config::kFileVariable);
    if (named != sources.environment.end()) sources.file = named->second;
  }
  auto loaded = config::load(sources);
  config::Problems problems;
  if (!loaded) {
    problems = std::move(loaded.error());
  } else if (auto secret = provide_secret(*loaded, needs == Needs::kServe); !secret) {
    problems.push_back("no JWT_SECRET is set, and none can be made: " + secret.error());
  } else {
    problems = check_settings(*loaded, needs);
  }
  if (problems.empty()) return std::move(*loaded);
  print(problems);
  return std::nullopt;
}

void print_warnings(const config::Loaded& loaded) {
  for (const std::string& warning : loaded.warnings) std::cerr << "inboxd: warning: " << warning << '\n';
}

void on_chosen(CLI::App& command, Invocation& invocation, Needs needs,
               std::function<int(const config::Settings&)> work) {
  command.callback([&invocation, needs, work = std::move(work)] {
    invocation.action = [&invocation, needs, work] {
      const auto loaded = load_settings(invocation, needs);
      if (!loaded) return kUsage;
      print_warnings(*loaded);
      return work(loaded->settings);
    };
  });
}

}  // namespace inboxd::app
