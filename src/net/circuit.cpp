#include "net/circuit.hpp"

#include <algorithm>
#include <chrono>

namespace inboxd::net {

std::chrono::steady_clock::duration backoff(std::uint32_t failures, std::uint64_t random) noexcept {
  constexpr std::uint32_t kMaxDoublings = 6;
  constexpr std::uint64_t kLongestMs = 60'000;
  const std::uint64_t whole =
      std::min(kLongestMs, std::uint64_t{1000} << std::min(failures - 1, kMaxDoublings));
  const std::uint64_t half = whole / 2;
  return std::chrono::milliseconds(half + random % (half + 1));
}

bool Circuit::begin() noexcept {
  if (!open()) return false;
  probing_ = true;
  return true;
}

void Circuit::succeeded() noexcept { *this = Circuit(); }

void Circuit::failed(bool probe, Time now, std::uint64_t random) noexcept {
  // Those that were under way when it opened say nothing new.
  if (open() && !probe) return;
  if (!open() && ++failures_ < kFailuresToOpen) return;
  probing_ = false;
  retry_at_ = now + backoff(++openings_, random);
}

}  // namespace inboxd::net
