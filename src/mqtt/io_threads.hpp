#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace inboxd::mqtt {

/// Something to be looked at each second.
class Ticker {
 public:
  using Time = std::chrono::steady_clock::time_point;

  virtual ~Ticker() = default;
  virtual void tick(Time now) = 0;
};

/// A fixed number of threads, each with a queue of its own: what is posted to one runs there, in order, one
/// task at a time. They start with the object. Safe for use from all threads, but for stop() and the
/// destructor, which must not be called from one of its own.
class IoThreads {
 public:
  using Task = std::function<void()>;
  /// Told, on its thread, what a task or a ticker threw. The thread goes on.
  using Failed = std::function<void(std::string_view why)>;

  /// `second` is how long one lasts for tickers: tests have little time.
  explicit IoThreads(std::size_t count, const Failed& failed = {},
                     std::chrono::milliseconds second = std::chrono::seconds(1));
  ~IoThreads();
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  /// Ends each thread after the task that it is in, and joins them. What is queued then is destroyed with the
  /// object, unrun.
  void stop();

  std::size_t size() const noexcept { return threads_.size(); }

  /// Runs the task on that thread, always in a later turn, in the order of the calls, whoever makes them. The
  /// queue has no bound: whoever posts on others' behalf must have one.
  void post(std::size_t index, Task task);

  /// Runs it on that thread and waits for it. Not from one of these threads, nor after stop().
  void run(std::size_t index, const Task& task);

  /// Calls it each second on that thread for as long as somebody else owns it.
  void every_second(std::size_t index, std::weak_ptr<Ticker> ticker);

  /// For sockets and timers that live on that thread.
  boost::asio::io_context& context(std::size_t index);

 private:
  class Thread;
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace inboxd::mqtt
