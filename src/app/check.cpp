#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/broker_settings.hpp"
#include "app/invocation.hpp"
#include "app/store_settings.hpp"
#include "app/system.hpp"
#include "filter/filter_set.hpp"
#include "rabbitmq/replay.hpp"
#include "store/rocksdb_store.hpp"

namespace inboxd::app {
namespace {

namespace fs = std::filesystem;

void print_settings(const config::Loaded& loaded) {
  for (const config::Chosen& one : loaded.chosen) {
    std::cout << fmt::format("{:<33}{:<28} ({})\n", one.setting->name, one.shown.empty() ? "-" : one.shown,
                             one.origin.where);
  }
  for (const std::string& name : loaded.inert) std::cout << fmt::format("{:<33}set, without effect\n", name);
}

bool say(bool good, std::string_view what, std::string_view text) {
  std::cout << fmt::format("{:<7}{:<4}{}\n", what, good ? "ok" : "BAD", text);
  return good;
}

bool check_broker(const config::Settings& settings, const Clock& clock) {
  if (settings.embedded)
    return say(true, "broker", fmt::format("embedded, MQTT on {}:{}", settings.bind, settings.mqtt_port));
  const auto answered = rabbitmq::probe(broker_settings(settings, clock));
  if (!answered) return say(false, "broker", answered.error().message);
  return say(true, "broker",
             fmt::format("logged in at {}, vhost {}", to_string(*answered), login_of(settings)->vhost));
}

/// The process that owns the store, if any. Asks without taking the lock.
std::optional<pid_t> owner_of(const fs::path& directory) {
  const int file = ::open((directory / "LOCK").c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool asked = ::fcntl(file, F_GETLK, &lock) == 0;
  ::close(file);
  if (!asked || lock.l_type == F_UNLCK) return std::nullopt;
  return lock.l_pid;
}

bool check_new_store(const fs::path& directory) {
  const fs::path parent = fs::absolute(directory).lexically_normal().parent_path();
  const fs::path& written = fs::exists(directory) ? directory : parent;
  if (::access(written.c_str(), W_OK | X_OK) != 0) {
    return say(
        false, "store",
        fmt::format("cannot make {}: {}: {}", directory.string(), written.string(), std::strerror(errno)));
  }
  return say(true, "store", fmt::format("{} will be made", directory.string()));
}

bool check_store(const config::Settings& settings, Clock& clock) {
  const fs::path directory(settings.data_dir);
  if (!fs::exists(directory / "CURRENT")) return check_new_store(directory);
  store::RocksDbOptions options = store_options(settings);
  options.read_only = true;
  if (const auto opened = store::RocksDbStore::open(options, clock); !opened)
    return say(false, "store", opened.error().what());
  if (::access(directory.c_str(), W_OK | X_OK) != 0) {
    return say(false, "store",
               fmt::format("cannot write to {}: {}", directory.string(), std::strerror(errno)));
  }
  if (const auto owner = owner_of(directory)) {
    return say(true, "store",
               fmt::format("{}, in use by process {}: serve would stand by", directory.string(), *owner));
  }
  return say(true, "store", directory.string());
}

struct Port {
  std::string_view setting;
  std::string address;
  std::uint16_t number;
};

/// Those that serve would listen on.
std::vector<Port> ports_of(const config::Settings& settings) {
  std::vector<Port> ports = {{"HTTP_PORT", settings.http_bind, settings.http_port},
                             {"METRICS_PORT", settings.http_bind, settings.metrics_port}};
  if (settings.embedded) {
    ports.push_back({"MQTT_PORT", settings.bind, settings.mqtt_port});
    ports.push_back({"MQTT_WS_PORT", settings.bind, settings.mqtt_ws_port});
    ports.push_back({"MQTT_TLS_PORT", settings.bind, settings.mqtt_tls_port});
    ports.push_back({"MQTT_WSS_PORT", settings.bind, settings.mqtt_wss_port});
  }
  std::erase_if(ports, [](const Port& port) { return port.number == 0; });
  return ports;
}

using Acceptor = boost::asio::ip::tcp::acceptor;

bool try_port(const Port& port, boost::asio::io_context& context, std::vector<Acceptor>& acceptors) {
  try {
    const boost::asio::ip::tcp::endpoint endpoint(boost::asio::ip::make_address(port.address), port.number);
    acceptors.emplace_back(context, endpoint);
    return true;
  } catch (const boost::system::system_error& error) {
    return say(false, "ports",
               fmt::format("{} {}:{}: {}", port.setting, port.address, port.number, error.code().message()));
  }
}

bool check_ports(const config::Settings& settings) {
  if (const auto owner = owner_of(settings.data_dir)) {
    return say(true, "ports", fmt::format("not tried: process {} may be listening on them", *owner));
  }
  const auto ports = ports_of(settings);
  boost::asio::io_context context;
  std::vector<Acceptor> acceptors;  // all at once: two settings may name one port
  const auto failed = std::count_if(ports.begin(), ports.end(),
                                    [&](const Port& port) { return !try_port(port, context, acceptors); });
  return failed == 0 && say(true, "ports", fmt::format("{} can be listened on", ports.size()));
}

bool check_policies(const config::Settings& settings) {
  if (settings.policy_file.empty()) return true;
  const auto set = filter::load_file(settings.policy_file);
  if (set) return say(true, "policy", settings.policy_file);
  for (const std::string& problem : set.error()) say(false, "policy", problem);
  return false;
}

int check(const Invocation& invocation) {
  const auto loaded = load_settings(invocation, Needs::kLogin);
  if (!loaded) return kUsage;
  print_settings(*loaded);
  std::cout << '\n' << std::flush;
  print_warnings(*loaded);
  SystemClock clock;
  const bool broker = check_broker(loaded->settings, clock);
  const bool store = check_store(loaded->settings, clock);
  const bool ports = check_ports(loaded->settings);
  const bool policies = check_policies(loaded->settings);
  return broker && store && ports && policies ? kDone : kFailed;
}

}  // namespace

void add_check(CLI::App& root, Invocation& invocation) {
  CLI::App* const command = root.add_subcommand(
      "check", "Say what the settings are, and try the broker, the store, the ports and the policy file");
  add_settings(*command, invocation);
  command->callback([&invocation] { invocation.action = [&invocation] { return check(invocation); }; });
}

}  // namespace inboxd::app
