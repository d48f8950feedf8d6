#include "contract/rabbitmq/node.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "contract/rabbitmq/command.hpp"

namespace inboxd::test {
namespace {

std::string script_path(const std::string& name) {
  return std::string(INBOXD_SOURCE_DIR) + "/scripts/" + name;
}

std::filesystem::path make_directory() {
  std::string name = (std::filesystem::temp_directory_path() / "inboxd-node-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
  return name;
}

class DirectoryRemover {
 public:
  explicit DirectoryRemover(std::filesystem::path path) : path_(std::move(path)) {}
  ~DirectoryRemover() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  DirectoryRemover(const DirectoryRemover&) = delete;
  DirectoryRemover& operator=(const DirectoryRemover&) = delete;

  std::string file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace

std::vector<std::uint16_t> free_ports(int count) {
  const DirectoryRemover directory(make_directory());
  const std::string output = directory.file("ports");
  run({script_path("free-port"), std::to_string(count)}, output);
  std::vector<std::uint16_t> ports;
  std::ifstream lines(output);
  for (std::uint16_t port = 0; lines >> port;) ports.push_back(port);
  if (std::ssize(ports) != count) throw std::runtime_error("free-port gave too few");
  return ports;
}

Node::Node() : dir_(make_directory()) {
  const auto ports = free_ports(2);
  port_ = ports[0];
  tls_port_ = ports[1];
  make_certificates();
  write_config();
  start();
}

Node::~Node() {
  const DirectoryRemover directory(dir_);
  try {
    stop();
  } catch (const std::exception& error) {
    static_cast<void>(std::fprintf(stderr, "%s\n", error.what()));
  }
}

void Node::script(const std::string& command, std::vector<std::string> arguments) const {
  std::vector<std::string> words{script_path("rabbitmq-node"), command, dir_.string()};
  words.insert(words.end(), std::make_move_iterator(arguments.begin()),
               std::make_move_iterator(arguments.end()));
  run(words, dir_ / "script.log");
}

void Node::make_certificates() const {
  std::filesystem::create_directories(dir_ / "tls");
  const std::string log = file("openssl.log");
  const auto request = [&](const std::string& name, std::vector<std::string> more) {
    std::vector<std::string> words{"openssl", "req",     "-newkey",           "rsa:2048", "-nodes",
                                   "-sha256", "-keyout", file(name + ".key"), "-subj",    "/CN=" + name};
    words.insert(words.end(), more.begin(), more.end());
    run(words, log);
  };
  for (const std::string ca : {"ca", "stranger"})
    request(ca, {"-x509", "-days", "2", "-out", file(ca + ".pem")});
  for (const std::string name : {"localhost", "client"}) {
    std::ofstream(file(name + ".ext")) << "subjectAltName=DNS:" << name << "\n";
    request(name, {"-out", file(name + ".csr")});
    run({"openssl", "x509", "-req", "-days", "2", "-in", file(name + ".csr"), "-CA", file("ca.pem"), "-CAkey",
         file("ca.key"), "-CAcreateserial", "-extfile", file(name + ".ext"), "-out", file(name + ".pem")},
        log);
  }
}

void Node::write_config() const {
  std::filesystem::create_directories(dir_ / "etc");
  std::ofstream(dir_ / "etc" / "rabbitmq.conf") << "listeners.tcp.1 = 127.0.0.1:" << port_ << "\n"
                                                << "listeners.ssl.1 = 127.0.0.1:" << tls_port_ << "\n"
                                                << "ssl_options.cacertfile = " << file("ca.pem") << "\n"
                                                << "ssl_options.certfile = " << file("localhost.pem") << "\n"
                                                << "ssl_options.keyfile = " << file("localhost.key") << "\n"
                                                << "ssl_options.verify = verify_peer\n"
                                                << "ssl_options.fail_if_no_peer_cert = true\n"
                                                << "default_user = " << kUser << "\n"
                                                << "default_pass = " << kPassword << "\n"
                                                << "disk_free_limit.absolute = 1MB\n";
}

}  // namespace inboxd::test
