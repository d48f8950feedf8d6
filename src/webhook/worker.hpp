#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "engine/ports.hpp"
#include "net/http_client.hpp"
#include "webhook/backlog.hpp"
#include "webhook/dispatcher.hpp"
#include "webhook/probe.hpp"
#include "webhook/settings.hpp"

namespace inboxd::webhook {

/// What the workers share. All of it outlives them.
struct Surroundings {
  const Settings& settings;
  Store& store;
  Clock& clock;
  Log& log;
  WebhookProbe& probe;
};

/// Delivers to one endpoint, on a thread of its own: neither its name server nor its pauses are another's.
class Worker {
 public:
  /// `index` is the endpoint's place in the settings.
  Worker(const Surroundings& around, std::size_t index, std::uint64_t seed);
  /// stop() must have been called, and join().
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // From any thread.
  void wake();
  void rescan();
  /// Begins nothing more; ends when what is under way has its outcome, at `deadline` at the latest.
  void stop(SteadyClock::time_point deadline);
  void join();

 private:
  using Time = SteadyClock::time_point;

  void turn();
  /// Does what can be done now. Returns whether more is to be done at once.
  bool work();
  bool load();
  bool count();
  bool trim();
  void begin_attempts();
  void send(const OutboxRow& row);
  net::Request request_for(const OutboxRow& row) const;
  void replied(std::uint64_t sequence, Time begun, const Result<net::Answer, net::Failed>& result);
  void tell(const Reply& reply);
  void flush_if_due(bool force);
  void flush();
  void report_given_up(std::size_t count);
  void pause(const StoreError& error);
  void schedule();
  void note_circuit();
  void end();

  const Surroundings around_;
  const std::size_t index_;
  const std::string& endpoint_;
  const std::string label_;
  const Result<net::Url, std::string> url_;

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  boost::asio::steady_timer timer_;
  std::optional<net::HttpClient> client_;
  Dispatcher dispatcher_;
  Backlog backlog_;
  std::optional<std::uint64_t> end_;  // there was no row from here on
  bool counted_ = false;              // up to the end
  std::optional<Time> flush_at_;
  std::optional<Time> paused_until_;
  std::optional<Time> stop_at_;
  bool circuit_open_ = false;
  bool ended_ = false;

  std::atomic<bool> woken_{false};
  std::atomic<bool> again_{false};
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace inboxd::webhook
