#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/ports.hpp"

namespace inboxd::http {

/// Those who wait for the next message that somebody else sends into a conversation of theirs. Safe for use
/// from several threads.
class ReplyWaiters final : public CommitListener {
 public:
  /// A row that came in. The body is missing where a fan-out writes rows of an earlier commit's message: then
  /// it is not known who sent it.
  struct Arrival {
    TimelineRow row;
    std::optional<StoredMessage> message;
  };
  /// In the engine's turn: hands over, nothing more. May be called again as long as the waiter stays.
  using Heard = std::function<void(const Arrival&)>;

  static constexpr std::size_t kMaxWaiters = 128;

  /// Waits for `timeline`, deaf until arm(). Nothing where too many wait.
  std::optional<std::uint64_t> add(const TimelineKey& timeline, Heard heard);
  /// What comes from now on counts.
  void arm(std::uint64_t waiter);
  /// True for whoever is the first to end the waiting.
  bool remove(std::uint64_t waiter);

  /// Costs next to nothing where nobody waits.
  void committed(const Commit& commit) noexcept override;

 private:
  struct Waiter {
    TimelineKey timeline;
    Heard heard;
    bool armed = false;
  };
  void look_at(const Commit& commit, const ArrivalRow& arrival);

  std::atomic<std::size_t> count_{0};
  std::mutex mutex_;  // guards all that follows
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Waiter> waiters_;
};

}  // namespace inboxd::http
