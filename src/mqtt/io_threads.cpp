#include "mqtt/io_threads.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <future>
#include <string>
#include <thread>
#include <utility>

namespace inboxd::mqtt {

namespace asio = boost::asio;

class IoThreads::Thread {
 public:
  Thread(Failed failed, std::chrono::milliseconds second)
      : failed_(std::move(failed)), second_(second), guard_(context_.get_executor()), timer_(context_) {
    wait();
    thread_ = std::thread([this] { run(); });
  }
  ~Thread() { stop(); }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  asio::io_context& context() noexcept { return context_; }

  void stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  /// For this thread.
  void add(std::weak_ptr<Ticker> ticker) { tickers_.push_back(std::move(ticker)); }

 private:
  void run() {
    for (;;) {
      try {
        context_.run();
        return;
      } catch (const std::exception& error) {
        if (failed_) failed_(error.what());
      }
    }
  }

  void wait() {
    // From now, and not from when it was due: after a long turn, ticks must not come in a burst.
    timer_.expires_after(second_);
    timer_.async_wait([this](const boost::system::error_code& aborted) {
      if (aborted) return;
      wait();
      tick(Ticker::Time::clock::now());
    });
  }

  void tick(Ticker::Time now) {
    std::erase_if(tickers_, [](const auto& ticker) { return ticker.expired(); });
    // By index: a ticker may bring in another.
    for (std::size_t i = 0; i < tickers_.size(); ++i) {
      if (const auto ticker = tickers_[i].lock()) ticker->tick(now);
    }
  }

  Failed failed_;
  const std::chrono::milliseconds second_;
  std::vector<std::weak_ptr<Ticker>> tickers_;
  /// Not 1, though one thread runs it: what that thread itself posts would then be queued when its turn is
  /// over, behind what another has posted meanwhile, and what is posted must stay in one order.
  asio::io_context context_{2};
  asio::executor_work_guard<asio::io_context::executor_type> guard_;
  asio::steady_timer timer_;
  std::thread thread_;  // last: it uses all of the above
};

IoThreads::IoThreads(std::size_t count, const Failed& failed, std::chrono::milliseconds second) {
  for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i) {
    threads_.push_back(std::make_unique<Thread>(failed, second));
  }
}

IoThreads::~IoThreads() { stop(); }

void IoThreads::stop() {
  for (const auto& thread : threads_) thread->stop();
}

void IoThreads::post(std::size_t index, Task task) { asio::post(context(index), std::move(task)); }

void IoThreads::run(std::size_t index, const Task& task) {
  // Shared: the thread may still be leaving it when the waiter has what it waited for.
  const auto work = std::make_shared<std::packaged_task<void()>>(task);
  auto done = work->get_future();
  post(index, [work] { (*work)(); });
  done.get();
}

void IoThreads::every_second(std::size_t index, std::weak_ptr<Ticker> ticker) {
  Thread& thread = *threads_.at(index);
  post(index, [&thread, ticker = std::move(ticker)]() mutable { thread.add(std::move(ticker)); });
}

asio::io_context& IoThreads::context(std::size_t index) { return threads_.at(index)->context(); }

}  // namespace inboxd::mqtt
