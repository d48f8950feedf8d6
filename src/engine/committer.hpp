#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include "engine/ports.hpp"

namespace inboxd {

/// Commits on a thread of its own, so that what comes next can be decided meanwhile. One commit at a time;
/// for one thread.
class Committer {
 public:
  /// `store`, and what `on_done` uses, must outlive it. `on_done` is called by its own thread after each
  /// commit, whether it failed or not.
  Committer(Store& store, std::function<void()> on_done);
  /// Not while a commit is under way.
  ~Committer() = default;
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  /// `commit` must last, unchanged, until wait() returns or throws.
  void begin(const Commit& commit);

  /// Whether wait() would return at once.
  bool done() const;

  /// Waits until what was begun is done; returns how long that took. Throws what the commit threw.
  SteadyClock::duration wait();

 private:
  void work(const std::stop_token& stop);
  std::exception_ptr carry_out(const Commit& commit) noexcept;

  Store& store_;
  const std::function<void()> on_done_;
  mutable std::mutex mutex_;  ///< guards what follows
  std::condition_variable_any changed_;
  const Commit* commit_ = nullptr;  ///< under way
  std::exception_ptr failure_;
  SteadyClock::duration took_{};
  std::jthread thread_;
};

}  // namespace inboxd
