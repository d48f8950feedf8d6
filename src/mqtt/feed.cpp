#include "mqtt/feed.hpp"

#include <algorithm>
#include <utility>

namespace inboxd::mqtt {
namespace {

using std::chrono::steady_clock;

/// What one client says at a time, where not much is going on. More is for the engine's own thread, beside
/// which others can read on.
constexpr std::size_t kFew = 4;
constexpr std::size_t kFewBytes = std::size_t{64} * 1024;

/// What there is much of.
bool is_traffic(const Command& command) {
  return std::holds_alternative<Publication>(command.what) ||
         std::holds_alternative<Acknowledged>(command.what);
}

}  // namespace

void Feed::put(std::vector<Command> commands) {
  bool notify = false;
  {
    const std::lock_guard lock(mutex_);
    notify = push(std::move(commands)) && !lent_;
  }
  if (notify) changed_.notify_one();
}

void Feed::put_and_serve(std::vector<Command> commands) {
  bool notify = false;
  const Turn* turn = nullptr;
  {
    const std::lock_guard lock(mutex_);
    notify = push(std::move(commands)) && !lent_;
    if (notify) turn = borrow();
  }
  if (turn != nullptr) {
    serve(*turn);
  } else if (notify) {
    changed_.notify_one();
  }
}

/// Whether it was empty.
bool Feed::push(std::vector<Command>&& commands) {
  const bool was_empty = commands_.empty();
  for (Command& command : commands) {
    bytes_ += bytes_of(command);
    commands_.push_back(std::move(command));
  }
  if (bytes_ >= max_bytes_) full_.store(true, std::memory_order_release);
  return was_empty;
}

/// Null where the taker is to be woken, or is about to look.
const Feed::Turn* Feed::borrow() {
  if (turn_ == nullptr || woken_ || timed_out_) return nullptr;
  if (commands_.size() > kFew || bytes_ > kFewBytes) return nullptr;
  const auto now = steady_clock::now();
  if (now < abstains_until_) return nullptr;
  lent_early_ = now < lends_from_;
  if (lent_early_ && now < lends_early_from_) return nullptr;
  if (lent_early_ && std::any_of(commands_.begin(), commands_.end(), is_traffic)) return nullptr;
  lent_ = true;
  return turn_;
}

void Feed::serve(const Turn& turn) {
  const auto begin = steady_clock::now();
  turn();
  const auto end = steady_clock::now();
  bool notify = false;
  {
    const std::lock_guard lock(mutex_);
    lent_ = false;
    const auto took = end - begin;
    lends_from_ = end + lending_.after_idle;
    if (took > lending_.slow_turn) abstains_until_ = end + took * lending_.abstention;
    if (lent_early_ && took > lending_.slow_early_turn) lends_early_from_ = end + took * lending_.abstention;
    // The taker may have been told to look, or its time may have run out, meanwhile.
    notify = has_some() || timed_out_;
  }
  if (notify) changed_.notify_one();
}

void Feed::ask(std::function<void(Hub&)> question) {
  std::vector<Command> commands;
  commands.push_back({{}, Inquiry{std::move(question)}});
  put(std::move(commands));
}

void Feed::wake() {
  bool notify = false;
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    notify = !lent_;
  }
  if (notify) changed_.notify_one();
}

void Feed::pause(std::chrono::milliseconds wait) {
  Lock lock(mutex_);
  changed_.wait_for(lock, wait, [this] { return woken_; });
  woken_ = false;
}

void Feed::wait_for_some(Lock& lock, std::chrono::milliseconds wait, const Turn* turn) {
  turn_ = turn;
  lends_from_ = std::max(lends_from_, steady_clock::now() + lending_.after_idle);
  timed_out_ = !changed_.wait_for(lock, wait, [this] { return !lent_ && has_some(); });
  changed_.wait(lock, [this] { return !lent_; });
  timed_out_ = false;
  turn_ = nullptr;
  woken_ = false;
}

std::vector<Command> Feed::take(std::chrono::milliseconds wait, std::size_t max_bytes, const Turn* turn) {
  std::vector<Command> taken;
  bool has_room = false;
  {
    Lock lock(mutex_);
    if (wait.count() > 0) wait_for_some(lock, wait, turn);
    std::size_t bytes = 0;
    while (!commands_.empty() && (bytes < max_bytes || taken.empty())) {
      bytes += bytes_of(commands_.front());
      taken.push_back(std::move(commands_.front()));
      commands_.pop_front();
    }
    bytes_ -= bytes;
    if (full() && bytes_ < max_bytes_ / 2) {
      full_.store(false, std::memory_order_release);
      has_room = true;
    }
  }
  if (has_room) room_();
  return taken;
}

}  // namespace inboxd::mqtt
