#include "mqtt/feed.hpp"

#include <iterator>
#include <utility>

namespace inboxd::mqtt {

void Feed::put(std::vector<Command> commands) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = commands_.empty();
    for (Command& command : commands) {
      bytes_ += bytes_of(command);
      commands_.push_back(std::move(command));
    }
    if (bytes_ >= max_bytes_) full_.store(true, std::memory_order_release);
  }
  if (was_empty) changed_.notify_one();
}

void Feed::ask(std::function<void(Hub&)> question) {
  std::vector<Command> commands;
  commands.push_back({{}, Inquiry{std::move(question)}});
  put(std::move(commands));
}

void Feed::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

void Feed::pause(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, wait, [this] { return woken_; });
  woken_ = false;
}

std::vector<Command> Feed::take(std::chrono::milliseconds wait, std::size_t max_bytes) {
  std::vector<Command> taken;
  bool has_room = false;
  {
    std::unique_lock lock(mutex_);
    if (wait.count() > 0) changed_.wait_for(lock, wait, [this] { return woken_ || !commands_.empty(); });
    woken_ = false;
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
