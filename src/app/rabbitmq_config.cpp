#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <system_error>

#include "app/broker_settings.hpp"
#include "app/invocation.hpp"
#include "app/rabbitmq_files.hpp"
#include "app/system.hpp"

namespace inboxd::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPasswordBytes = 32;
constexpr std::uint64_t kLeastMaxMessage = 16ULL * 1024 * 1024;

struct OutputOptions {
  std::string out;
  bool force = false;
};

struct File {
  const char* name;
  mode_t mode;
  std::string text;
};

bool is_ours(const fs::path& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line.find(kWrittenBy) != std::string::npos;
}

/// Never leaves half a file, nor a secret that others could read for a moment.
void write(const fs::path& path, const File& file) {
  const std::string temporary = path.string() + ".new";
  (void)::unlink(temporary.c_str());
  const int out = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file.mode);
  if (out < 0) throw std::system_error(errno, std::generic_category(), temporary);
  const ssize_t written = ::write(out, file.text.data(), file.text.size());
  const int error = errno;
  if (::close(out) != 0 || written != static_cast<ssize_t>(file.text.size())) {
    throw std::system_error(error, std::generic_category(), temporary);
  }
  fs::rename(temporary, path);
}

BrokerFiles describe(const config::Settings& settings) {
  const Login login = login_of(settings).value();
  BrokerFiles files;
  files.bind = settings.bind;
  files.amqp_port = login.addresses.front().port;
  files.mqtt_port = settings.mqtt_port;
  files.web_mqtt_port = settings.web_mqtt_port;
  files.vhost = login.vhost;
  files.jwt_secret = settings.jwt_secret;
  // A password without JWT_SECRET's shape belongs to a user of the broker's own.
  files.user = login.password.empty() ? "" : login.user;
  files.password = login.password.empty() ? random_hex(kPasswordBytes) : login.password;
  files.max_message_bytes = std::max<std::uint64_t>(kLeastMaxMessage, 2 * settings.max_group_bytes);
  return files;
}

int write_all(const config::Settings& settings, const OutputOptions& options) {
  const BrokerFiles described = describe(settings);
  if (described.jwt_secret.empty()) {
    std::cerr << "inboxd: warning: no JWT_SECRET is set, so that the broker will take nobody's token\n";
  }
  const File files[] = {{"rabbitmq.conf", 0644, rabbitmq_conf(described)},
                        {"advanced.config", 0600, advanced_config(described)},
                        {"enabled_plugins", 0644, enabled_plugins()}};
  fs::create_directories(options.out);
  for (const File& file : files) {
    const fs::path path = fs::path(options.out) / file.name;
    if (options.force || !fs::exists(path) || is_ours(path)) continue;
    std::cerr << "inboxd: " << path.string()
              << " is there and was not written by this command; --force writes over it\n";
    return kFailed;
  }
  for (const File& file : files) {
    write(fs::path(options.out) / file.name, file);
    std::cout << "wrote " << (fs::path(options.out) / file.name).string() << '\n';
  }
  return kDone;
}

}  // namespace

void add_rabbitmq_config(CLI::App& root, Invocation& invocation) {
  CLI::App* const command = root.add_subcommand("rabbitmq-config",
                                                "Write rabbitmq.conf, advanced.config and enabled_plugins "
                                                "for the settings given: RABBITMQ_PORT, MQTT_PORT, "
                                                "WEB_MQTT_PORT, RABBITMQ_VHOST, JWT_SECRET, and a broker "
                                                "user where RABBITMQ_USER and RABBITMQ_PASSWORD are set");
  add_settings(*command, invocation);
  const auto options = std::make_shared<OutputOptions>();
  command->add_option("--out", options->out, "Directory to write to; made when missing")->required();
  command->add_flag("--force", options->force, "Write over files that this command did not write");
  on_chosen(*command, invocation, Needs::kLogin,
            [options](const config::Settings& settings) { return write_all(settings, *options); });
}

}  // namespace inboxd::app
