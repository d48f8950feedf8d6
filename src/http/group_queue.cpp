#include "http/group_queue.hpp"

#include <utility>

namespace inboxd::http {

bool GroupQueue::run(const PartyId& group, Loop& loop, Task task) {
  {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->waiting.find(group);
    if (found != state_->waiting.end()) {
      if (found->second.size() >= kMaxWaiting) return false;
      found->second.push_back(std::move(task));
      return true;
    }
    if (state_->waiting.size() >= kMaxGroups) return false;
    state_->waiting.emplace(group, std::deque<Task>{});
  }
  take_turn(state_, group, loop, task);
  return true;
}

void GroupQueue::take_turn(const std::shared_ptr<State>& state, const PartyId& group, Loop& loop,
                           const Task& task) {
  task(Turn(nullptr, [state, group, &loop](void*) { next(state, group, loop); }));
}

void GroupQueue::next(const std::shared_ptr<State>& state, const PartyId& group, Loop& loop) {
  Task task;
  {
    const std::lock_guard lock(state->mutex);
    const auto found = state->waiting.find(group);
    if (found->second.empty()) {
      state->waiting.erase(found);
      return;
    }
    task = std::move(found->second.front());
    found->second.pop_front();
  }
  loop.post([state, group, &loop, task = std::move(task)] { take_turn(state, group, loop, task); });
}

}  // namespace inboxd::http
