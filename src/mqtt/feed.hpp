#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "mqtt/commands.hpp"

namespace inboxd::mqtt {

/// What connections have for the hub, in the order in which it came: from all I/O threads, to the engine's.
///
/// Bounded by those who put: whoever sees that it is full reads nothing more until he is told that there is
/// room. A thread reads one connection at a time, so no more than one read's worth for each thread goes
/// beyond.
class Feed {
 public:
  /// `room` is called, on the taker's thread, when a feed that was full is no more.
  Feed(std::size_t max_bytes, std::function<void()> room) : max_bytes_(max_bytes), room_(std::move(room)) {}

  /// From any thread.
  void put(std::vector<Command> commands);
  /// Has it called on the hub's thread, in its turn. From any thread.
  void ask(std::function<void(Hub&)> question);
  bool full() const noexcept { return full_.load(std::memory_order_acquire); }
  /// Makes a take() that waits, or the next one, return at once.
  void wake();

  /// Waits for wake(), for `wait` at most, and takes nothing.
  void pause(std::chrono::milliseconds wait);
  /// Waits for `wait` at most until there is something; takes at most `max_bytes`, but one command at least.
  std::vector<Command> take(std::chrono::milliseconds wait, std::size_t max_bytes);

 private:
  const std::size_t max_bytes_;
  const std::function<void()> room_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Command> commands_;
  std::size_t bytes_ = 0;
  bool woken_ = false;

  std::atomic<bool> full_{false};  ///< written under the lock
};

}  // namespace inboxd::mqtt
