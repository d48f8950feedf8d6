#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace inboxd::test {

inline constexpr const char* kUser = "tester";
inline constexpr const char* kPassword = "test-password";

/// A RabbitMQ node of its own in a temporary directory, started by scripts/rabbitmq-node, with one user and
/// certificates made out to "localhost". Throws where a command fails.
class Node {
 public:
  /// Makes the directory and starts the node.
  Node();
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  void start() { script("start"); }
  void stop() { script("stop"); }
  void kill() { script("kill"); }
  /// rabbitmqctl.
  void ctl(std::vector<std::string> arguments) { script("ctl", std::move(arguments)); }

  std::uint16_t port() const { return port_; }
  std::uint16_t tls_port() const { return tls_port_; }
  /// Of certificates: "ca.pem", "client.pem", "client.key", "stranger.pem" (another CA).
  std::string file(const std::string& name) const { return (dir_ / "tls" / name).string(); }

 private:
  void script(const std::string& command, std::vector<std::string> arguments = {}) const;
  void make_certificates() const;
  void write_config() const;

  std::filesystem::path dir_;
  std::uint16_t port_ = 0;
  std::uint16_t tls_port_ = 0;
};

/// Ports on which nothing listens.
std::vector<std::uint16_t> free_ports(int count);

}  // namespace inboxd::test
