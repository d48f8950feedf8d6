#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>

#include "http/server.hpp"
#include "tls/certificate.hpp"

namespace inboxd::http {

using tls::Certificate;

/// A way onto the server's thread that may outlive the server.
class Outlet {
 public:
  explicit Outlet(Loop& loop) : loop_(&loop) {}
  void post(Loop::Task task) {
    const std::lock_guard lock(mutex_);
    if (loop_ != nullptr) loop_->post(std::move(task));
  }
  /// Returns once nobody uses the loop any more.
  void close() {
    const std::lock_guard lock(mutex_);
    loop_ = nullptr;
  }

 private:
  std::mutex mutex_;
  Loop* loop_;
};

/// One connection, as the list of all sees it. For the server's thread.
class Connection {
 public:
  using Time = std::chrono::steady_clock::time_point;

  virtual ~Connection() = default;
  virtual void start() = 0;
  virtual void close() = 0;
  /// Since when it has been waiting for a request or the rest of one; nothing while it owes an answer.
  virtual std::optional<Time> idle_since() const = 0;
};

/// The open connections: what keeps them alive, and within their number. For the server's thread.
class Connections {
 public:
  explicit Connections(std::size_t limit) : limit_(limit) {}

  /// How a new connection comes in.
  enum class Admission { kServed, kHealthOnly, kClosed };
  Admission admit();

  void add(std::shared_ptr<Connection> connection) { open_.push_back(std::move(connection)); }
  void remove(const Connection* connection);
  void clear() { open_.clear(); }

 private:
  std::size_t limit_;
  std::list<std::shared_ptr<Connection>> open_;
};

struct SessionContext {
  const Router& router;
  const Limits& limits;
  Connections& connections;
  std::shared_ptr<Outlet> outlet;
  bool health_only = false;  ///< of other requests, the server has too many
};

/// Serves a connection until it closes, on the thread of the socket's executor; over TLS where there is a
/// certificate. The context's references must outlive it.
void start_session(boost::asio::ip::tcp::socket socket, const Certificate::Context& certificate,
                   SessionContext context);

}  // namespace inboxd::http
