#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "mqtt/commands.hpp"

namespace inboxd::mqtt {

/// What connections have for the hub, in the order in which it came: from all I/O threads, to the engine's.
///
/// Bounded by those who put: whoever sees that it is full reads nothing more until he is told that there is
/// room. A thread reads one connection at a time, so no more than one read's worth for each thread goes
/// beyond.
///
/// To wake the engine's thread, and be woken by it, takes longer than what it has to do for one message.
/// Where it has been idle for a while, it so lends its turn to whoever brings the next one.
class Feed {
 public:
  using Turn = std::function<void()>;

  /// When a turn is lent.
  struct Lending {
    /// For messages and their acknowledgements: once the taker has waited for so long. One that is about to
    /// be busy again had better do it itself, while others bring more. What else clients say (that they are
    /// there, what they want to hear) is done sooner than another thread wakes up for it.
    std::chrono::microseconds after_idle{100};
    /// Who lends a hand has connections of his own to look after. A turn that takes longer than this is slow
    /// (the disk is, or what came is much); for `abstention` times as long as it took, none is lent.
    std::chrono::microseconds slow_turn{2'000};
    int abstention = 20;
    /// The same for turns lent before the taker was idle, and for as long no other is lent so: in a storm of
    /// persistent sessions the taker commits many at once, and waits for the disk but once.
    std::chrono::microseconds slow_early_turn{200};
  };

  /// `room` is called, by the taker or in its turn, when a feed that was full is no more.
  Feed(std::size_t max_bytes, std::function<void()> room) : Feed(max_bytes, std::move(room), Lending{}) {}
  Feed(std::size_t max_bytes, std::function<void()> room, const Lending& lending)
      : max_bytes_(max_bytes), room_(std::move(room)), lending_(lending) {}

  /// From any thread.
  void put(std::vector<Command> commands);
  /// The same, for a thread that has the time: if the taker lends its turn and these are few, the turn is
  /// called before this returns.
  void put_and_serve(std::vector<Command> commands);
  /// Has it called on the hub's thread, in its turn. From any thread.
  void ask(std::function<void(Hub&)> question);
  bool full() const noexcept { return full_.load(std::memory_order_acquire); }
  /// Makes a take() that waits, or the next one that would, return at once.
  void wake();

  /// Waits for wake(), for `wait` at most, and takes nothing.
  void pause(std::chrono::milliseconds wait);
  /// Waits for `wait` at most until there is something; takes at most `max_bytes`, but one command at least.
  /// While it waits, `turn` (null: none) may be called by those who bring something, one at a time; it may
  /// itself take what there is, without waiting. It has returned when this does.
  std::vector<Command> take(std::chrono::milliseconds wait, std::size_t max_bytes,
                            const Turn* turn = nullptr);

 private:
  using Lock = std::unique_lock<std::mutex>;

  bool push(std::vector<Command>&& commands);
  const Turn* borrow();
  void serve(const Turn& turn);
  void wait_for_some(Lock& lock, std::chrono::milliseconds wait, const Turn* turn);
  bool has_some() const { return woken_ || !commands_.empty(); }

  const std::size_t max_bytes_;
  const std::function<void()> room_;
  const Lending lending_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Command> commands_;
  std::size_t bytes_ = 0;
  bool woken_ = false;
  const Turn* turn_ = nullptr;  ///< to be lent: the taker waits
  bool lent_ = false;
  bool timed_out_ = false;                                ///< the taker waits for its turn alone
  std::chrono::steady_clock::time_point lends_from_;      ///< for traffic
  std::chrono::steady_clock::time_point abstains_until_;  ///< after a slow turn
  bool lent_early_ = false;                               ///< before the taker was idle
  std::chrono::steady_clock::time_point lends_early_from_;

  std::atomic<bool> full_{false};  ///< written under the lock
};

}  // namespace inboxd::mqtt
