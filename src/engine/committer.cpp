#include "engine/committer.hpp"

#include <utility>

namespace inboxd {

Committer::Committer(Store& store, std::function<void()> on_done)
    : store_(store),
      on_done_(std::move(on_done)),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

void Committer::begin(const Commit& commit) {
  const std::lock_guard lock(mutex_);
  commit_ = &commit;
  changed_.notify_all();
}

bool Committer::done() const {
  const std::lock_guard lock(mutex_);
  return commit_ == nullptr;
}

SteadyClock::duration Committer::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return commit_ == nullptr; });
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  return took_;
}

void Committer::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return commit_ != nullptr; })) {
    const Commit& commit = *commit_;
    lock.unlock();
    const auto begin = SteadyClock::now();
    auto failure = carry_out(commit);
    const auto took = SteadyClock::now() - begin;
    lock.lock();
    took_ = took;
    failure_ = std::move(failure);
    commit_ = nullptr;
    changed_.notify_all();
    lock.unlock();
    on_done_();
    lock.lock();
  }
}

std::exception_ptr Committer::carry_out(const Commit& commit) noexcept {
  try {
    store_.commit(commit);
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace inboxd
