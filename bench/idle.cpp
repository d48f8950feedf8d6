/// Connections that do nothing but be there: what each costs the server in memory, and how fast they are
/// taken in.
///
/// Opens them one after the other, each with a subscription to its inbox, and prints one line of JSON.
#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
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
  std::string watch;
};

/// As many descriptors as the system lets us have.
void raise_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Opens idle MQTT connections and tells what they cost; prints one line of JSON.");
  app.add_option("--tokens", options.tokens, "file of lines USER TOKEN, one for each connection")->required();
  app.add_option("--host", options.host, "the broker's address");
  app.add_option("--port", options.port, "the broker's MQTT port");
  app.add_option("--connections", options.connections, "how many")->check(CLI::PositiveNumber);
  app.add_option("--watch", options.watch, "NAME=PID: whose memory is told")->required();
  CLI11_PARSE(app, argc, argv);
  raise_descriptors();

  const WatchedProcess server(options.watch);
  const TopicLayout topics;
  std::ifstream file(options.tokens);
  std::vector<MqttClient> clients;
  clients.reserve(options.connections);
  const std::int64_t before_kib = server.rss_kib();
  const std::int64_t begin_ns = now_ns();
  for (std::string user, token; clients.size() < options.connections && file >> user >> token;) {
    clients.emplace_back(MqttLogin{options.host, options.port, "idle-" + user, "JWT", token}, kBufferBytes);
    clients.back().subscribe(topics.inbox(user), 1);
  }
  if (clients.size() < options.connections) throw std::runtime_error("too few users in the file of tokens");
  const double seconds = static_cast<double>(now_ns() - begin_ns) / kNsPerSecond;
  const auto count = static_cast<double>(clients.size());
  const auto grown = static_cast<double>(server.rss_kib() - before_kib) * kBytesPerKib;
  std::cout
      << fmt::format(
             R"({{"connections":{},"seconds":{:.2f},"connects_per_s":{:.0f},"bytes_per_connection":{:.0f}}})",
             clients.size(), seconds, count / seconds, grown / count)
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
