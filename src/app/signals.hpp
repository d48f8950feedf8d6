#pragma once

#include <functional>
#include <mutex>
#include <thread>

namespace inboxd::app {

/// Takes SIGTERM and SIGINT on a thread of its own, so that nothing runs inside a signal handler. A second
/// one ends the process at once, with kSignalled plus its number. Make it before any other thread: those
/// inherit that the signals are blocked. SIGPIPE is ignored from then on.
class Signals {
 public:
  using Handler = std::function<void(int)>;

  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// While it lives, `handler` is called for the first signal, with its number, on the signals' thread; for
  /// one that came before, at once. One at a time.
  class Attached {
   public:
    Attached(Signals& signals, Handler handler);
    ~Attached();
    Attached(const Attached&) = delete;
    Attached& operator=(const Attached&) = delete;

   private:
    Signals& signals_;
  };

 private:
  void watch();
  void take(int number);

  int signals_ = -1;
  int end_ = -1;
  std::mutex mutex_;  // guards the two that follow; held while the handler runs
  Handler handler_;
  int first_ = 0;
  std::thread thread_;
};

}  // namespace inboxd::app
