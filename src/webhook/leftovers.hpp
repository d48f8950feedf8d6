#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "webhook/worker.hpp"

namespace inboxd::webhook {

/// Moves the rows of endpoints that are not in the settings to the undelivered events, slice by slice, once,
/// on a thread of its own.
class Leftovers {
 public:
  explicit Leftovers(const Surroundings& around);
  /// Leaves the rest to the next start.
  ~Leftovers();
  Leftovers(const Leftovers&) = delete;
  Leftovers& operator=(const Leftovers&) = delete;

 private:
  void run();
  void move_all();
  void move(const std::string& endpoint);
  bool stopping();

  const Surroundings around_;
  std::mutex mutex_;  // guards stopping_
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace inboxd::webhook
