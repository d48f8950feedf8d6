#include "http/reply_waiters.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace inboxd::http {

std::optional<std::uint64_t> ReplyWaiters::add(const TimelineKey& timeline, Heard heard) {
  const std::lock_guard lock(mutex_);
  if (waiters_.size() >= kMaxWaiters) return std::nullopt;
  waiters_.emplace(++last_, Waiter{timeline, std::move(heard), false});
  count_.store(waiters_.size(), std::memory_order_relaxed);
  return last_;
}

void ReplyWaiters::arm(std::uint64_t waiter) {
  const std::lock_guard lock(mutex_);
  const auto found = waiters_.find(waiter);
  if (found != waiters_.end()) found->second.armed = true;
}

bool ReplyWaiters::remove(std::uint64_t waiter) {
  const std::lock_guard lock(mutex_);
  const bool removed = waiters_.erase(waiter) > 0;
  count_.store(waiters_.size(), std::memory_order_relaxed);
  return removed;
}

void ReplyWaiters::committed(const Commit& commit) noexcept {
  if (count_.load(std::memory_order_relaxed) == 0) return;
  try {
    const std::lock_guard lock(mutex_);
    // Not its rows: those of earlier messages are written again when a receipt comes.
    for (const ArrivalRow& arrival : commit.arrivals) look_at(commit, arrival);
  } catch (const std::exception&) {
    return;  // out of memory: those who wait are told when their time is over
  }
}

void ReplyWaiters::look_at(const Commit& commit, const ArrivalRow& arrival) {
  for (const auto& [id, waiter] : waiters_) {
    if (!waiter.armed || waiter.timeline != arrival.timeline) continue;
    const auto row = std::find_if(commit.rows.begin(), commit.rows.end(), [&](const TimelineRow& candidate) {
      return candidate.message == arrival.message && candidate.timeline == arrival.timeline;
    });
    if (row == commit.rows.end() || row->history) continue;
    const auto body = std::find_if(commit.messages.begin(), commit.messages.end(),
                                   [&](const StoredMessage& message) { return message.id == row->message; });
    if (body == commit.messages.end()) {
      waiter.heard({*row, std::nullopt});
    } else if (body->sender != row->timeline.owner) {
      waiter.heard({*row, *body});
    }
  }
}

}  // namespace inboxd::http
