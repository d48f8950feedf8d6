#include "app/secret.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace inboxd::app {
namespace {

constexpr std::size_t kSecretBytes = 32;

/// A file descriptor and its end.
class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  bool is_open() const noexcept { return descriptor_ >= 0; }
  bool write(const std::string& text) const {
    return ::write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
           ::fsync(descriptor_) == 0;
  }

 private:
  int descriptor_;
};

std::string new_secret() {
  std::array<unsigned char, kSecretBytes> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) return {};
  std::string hex;
  for (const unsigned char byte : random) hex += fmt::format("{:02x}", byte);
  return hex;
}

/// Nothing where there is none.
std::string read_secret(const std::string& path) {
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

Result<void, std::string> write_secret(const std::string& path, const std::string& secret) {
  const auto failed = [&](int error) {
    return Failure<std::string>(fmt::format("{}: {}", path, std::strerror(error)));
  };
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (error) return failed(error.value());
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file.is_open() || !file.write(secret + "\n")) return failed(errno);
  return {};
}

}  // namespace

std::string secret_file(const config::Settings& settings) { return settings.data_dir + "/jwt.secret"; }

Result<void, std::string> provide_secret(config::Loaded& loaded, bool make) {
  config::Settings& settings = loaded.settings;
  const bool wanted =
      settings.embedded && settings.auth_mode == config::AuthMode::kToken && settings.jwt_secret.empty();
  if (!wanted) return {};
  const std::string path = secret_file(settings);
  settings.jwt_secret = read_secret(path);
  if (!settings.jwt_secret.empty() || !make) return {};
  std::string secret = new_secret();
  if (secret.empty()) return Failure<std::string>("the system has no random bytes");
  if (auto written = write_secret(path, secret); !written) return written;
  loaded.warnings.push_back(fmt::format("no JWT_SECRET is set: one was made, in {}", path));
  settings.jwt_secret = std::move(secret);
  return {};
}

}  // namespace inboxd::app
