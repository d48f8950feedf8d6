#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace inboxd::rabbitmq {

/// Which publications the broker has confirmed, from answers in any order. Holds one byte for each
/// publication that stands between the oldest unconfirmed one and the newest.
class ConfirmTracker {
 public:
  /// Notes that `count` more were published; returns the sequence number of the last. The first ever is 1.
  std::uint64_t publish(std::size_t count);

  /// The broker's answer for `tag`, or for all up to it (all there are, where it is 0). False if it cannot be
  /// an answer to anything published.
  bool confirm(std::uint64_t tag, bool multiple);

  /// The highest number up to which all are confirmed.
  std::uint64_t confirmed() const noexcept { return confirmed_; }
  std::uint64_t published() const noexcept { return confirmed_ + open_.size(); }

 private:
  void advance(std::size_t count);

  std::uint64_t confirmed_ = 0;
  std::deque<bool> open_;  ///< for confirmed_ + 1 onwards: whether it is confirmed out of turn
};

}  // namespace inboxd::rabbitmq
