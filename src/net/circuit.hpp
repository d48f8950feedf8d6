#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace inboxd::net {

/// 1 s, doubling with each failure to 60 s, of which a random part between half and all is taken. `failures`
/// is at least 1, `random` any bits.
std::chrono::steady_clock::duration backoff(std::uint32_t failures, std::uint64_t random) noexcept;

/// Spares an endpoint that is down, and us: after some failures in a row nothing is sent for a while, then
/// one attempt alone says how to go on.
class Circuit {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::uint32_t kFailuresToOpen = 5;

  bool open() const noexcept { return retry_at_.has_value(); }
  /// Whether an attempt may begin.
  bool allows(Time now) const noexcept { return !retry_at_ || (!probing_ && now >= *retry_at_); }
  /// When it will, if ever without an outcome in between.
  std::optional<Time> allows_at() const noexcept { return probing_ ? std::nullopt : retry_at_; }
  /// An attempt begins. Says whether it is the one that decides.
  bool begin() noexcept;
  void succeeded() noexcept;
  /// `probe`: what begin() said of this attempt.
  void failed(bool probe, Time now, std::uint64_t random) noexcept;

 private:
  std::uint32_t failures_ = 0;    // in a row
  std::uint32_t openings_ = 0;    // since it was last closed
  std::optional<Time> retry_at_;  // while open
  bool probing_ = false;
};

}  // namespace inboxd::net
