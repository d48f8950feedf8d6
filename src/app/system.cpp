#include "app/system.hpp"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <span>
#include <system_error>
#include <utility>

namespace inboxd::app {
namespace {

void fill(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
    if (got < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
    if (got > 0) bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace

Millis SystemClock::now() const {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::uint64_t SystemEntropy::next() {
  if (left_ == 0) {
    fill(std::as_writable_bytes(std::span(pool_)));
    left_ = pool_.size();
  }
  return pool_[--left_];
}

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before;
}

std::uint64_t descriptors_for_clients(std::uint64_t limit) noexcept {
  constexpr std::uint64_t kStore = 512;  // as many files as it keeps open
  constexpr std::uint64_t kHttp = 256;
  constexpr std::uint64_t kOthers = 132;
  constexpr std::uint64_t kOwn = kStore + kHttp + kOthers;
  if (limit == 0) return std::numeric_limits<std::uint64_t>::max();
  return limit - std::min(kOwn, limit / 2);
}

std::string random_hex(std::size_t bytes) {
  std::string random(bytes, '\0');
  fill(std::as_writable_bytes(std::span(random)));
  std::string hex;
  for (const char c : random) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex;
}

}  // namespace inboxd::app
