#include "watched_process.hpp"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace inboxd::bench {
namespace {

std::string contents(const std::string& path) {
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.empty()) throw std::runtime_error("cannot read " + path);
  return text;
}

}  // namespace

WatchedProcess::WatchedProcess(const std::string& spec) {
  const auto split = spec.find('=');
  if (split == spec.npos) throw std::runtime_error("not NAME=PID: " + spec);
  name_ = spec.substr(0, split);
  directory_ = "/proc/" + spec.substr(split + 1);
}

std::int64_t WatchedProcess::cpu_us() const {
  constexpr int kFieldsBefore = 11;  // between the process's name and utime, proc(5)
  const std::string text = contents(directory_ + "/stat");
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < kFieldsBefore; ++i) fields >> skipped;
  std::int64_t user = 0;
  std::int64_t system = 0;
  fields >> user >> system;
  return (user + system) * 1'000'000 / sysconf(_SC_CLK_TCK);
}

std::int64_t WatchedProcess::rss_kib() const { return status_kib("VmRSS:"); }

std::int64_t WatchedProcess::peak_rss_kib() const { return status_kib("VmHWM:"); }

std::int64_t WatchedProcess::status_kib(const char* key) const {
  const std::string text = contents(directory_ + "/status");
  const auto at = text.find(key);
  if (at == text.npos) throw std::runtime_error(directory_ + " tells no " + key);
  return std::stoll(text.substr(at + std::char_traits<char>::length(key)));
}

}  // namespace inboxd::bench
