#pragma once

#include <functional>
#include <mutex>
#include <thread>

namespace inboxd::app {

/// Takes SIGTERM, SIGINT and SIGHUP on a thread of its own, so that nothing runs inside a signal handler. A
/// second one of the first two ends the process at once, with kSignalled plus its number; SIGHUP is passed on
/// each time. Make it before any other thread: those inherit that the signals are blocked. SIGPIPE is ignored
/// from then on.
class Signals {
 public:
  using Handler = std::function<void(int)>;

  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// While it lives, `handler` is called, on the signals' thread, with the number of the first that ends the
  /// process, for one that came before at once; and with each SIGHUP. One at a time.
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
  void pass_on(int number);

  int signals_ = -1;
  int end_ = -1;
  std::mutex mutex_;  // guards the two that follow; held while the handler runs
  Handler handler_;
  int first_ = 0;
  std::thread thread_;
};

}  // namespace inboxd::app
