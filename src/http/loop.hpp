#pragma once

#include <chrono>
#include <functional>

namespace inboxd::http {

/// The thread that requests are handled on. Safe for use from several threads; what it is given once it has
/// stopped is dropped.
class Loop {
 public:
  using Task = std::function<void()>;

  virtual ~Loop() = default;
  /// Runs `task` there soon, never from within post().
  virtual void post(Task task) = 0;
  /// Runs `task` there once `time` has passed.
  virtual void after(std::chrono::milliseconds time, Task task) = 0;
};

}  // namespace inboxd::http
