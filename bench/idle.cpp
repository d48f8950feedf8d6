/// Connections that do nothing but be there: what each costs the server in memory, and how fast they are
/// taken in.
///
/// Opens them, a few at a time, each with a subscription to its inbox, and prints one line of JSON.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <future>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "mqtt_client.hpp"
#include "traffic.hpp"
#include "watched_process.hpp"

namespace inboxd::bench {
namespace {

constexpr std::size_t kBufferBytes = 2048;
constexpr double kNsPerSecond = 1e9;
constexpr double kBytesPerKib = 1024;

struct Options {
  std::string host = "127.0.0.1";
  int port = 1883;
  std::string tokens;
  std::size_t connections = 10'000;
  std::size_t at_a_time = 1;
  std::string watch;
};

/// Of the loopback network each opener has an address of its own: one alone has 28,000 ports.
std::string source_of(const Options& options, std::size_t opener) {
  return options.host.starts_with("127.") ? fmt::format("127.0.0.{}", opener + 2) : std::string();
}

/// One after the other: of every so many users the one with this number.
std::vector<MqttClient> open_some(const Options& options, const std::vector<User>& users, std::size_t first) {
  const TopicLayout topics;
  std::vector<MqttClient> clients;
  clients.reserve(users.size() / options.at_a_time + 1);
  for (std::size_t i = first; i < users.size(); i += options.at_a_time) {
    const User& user = users[i];
    clients.emplace_back(MqttLogin{options.host, options.port, "idle-" + user.name, "JWT", user.token,
                                   source_of(options, first)},
                         kBufferBytes);
    clients.back().subscribe(topics.inbox(user.name), 1);
  }
  return clients;
}

std::vector<std::vector<MqttClient>> open_all(const Options& options, const std::vector<User>& users) {
  std::vector<std::future<std::vector<MqttClient>>> openers;
  openers.reserve(options.at_a_time);
  for (std::size_t i = 0; i < options.at_a_time; ++i) {
    openers.push_back(
        std::async(std::launch::async, [&options, &users, i] { return open_some(options, users, i); }));
  }
  std::vector<std::vector<MqttClient>> clients;
  clients.reserve(openers.size());
  for (auto& opener : openers) clients.push_back(opener.get());
  return clients;
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Opens idle MQTT connections and tells what they cost; prints one line of JSON.");
  app.add_option("--tokens", options.tokens, "file of lines USER TOKEN, one for each connection")->required();
  app.add_option("--host", options.host, "the broker's address");
  app.add_option("--port", options.port, "the broker's MQTT port");
  app.add_option("--connections", options.connections, "how many")->check(CLI::PositiveNumber);
  app.add_option("--at-a-time", options.at_a_time, "how many are being opened at any moment")
      ->check(CLI::Range(1, 64));
  app.add_option("--watch", options.watch, "NAME=PID: whose memory is told")->required();
  CLI11_PARSE(app, argc, argv);

  const WatchedProcess server(options.watch);
  const std::vector<User> users = read_users(options.tokens, options.connections);
  const std::int64_t before_kib = server.rss_kib();
  const std::int64_t before_us = server.cpu_us();
  const std::int64_t begin_ns = now_ns();
  const auto clients = open_all(options, users);
  const double seconds = static_cast<double>(now_ns() - begin_ns) / kNsPerSecond;
  const auto count = static_cast<double>(users.size());
  const auto used_us = static_cast<double>(server.cpu_us() - before_us);
  const auto grown = static_cast<double>(server.rss_kib() - before_kib) * kBytesPerKib;
  std::cout
      << fmt::format(
             R"({{"connections":{},"seconds":{:.2f},"connects_per_s":{:.0f},"bytes_per_connection":{:.0f},)"
             R"("server_cpu_us_per_connect":{:.0f}}})",
             users.size(), seconds, count / seconds, grown / count, used_us / count)
      << std::endl;
  return 0;
}

}  // namespace
}  // namespace inboxd::bench

int main(int argc, char** argv) {
  try {
    return inboxd::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "bench_idle: " << error.what() << '\n';
    return 1;
  }
}
