#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "net/http_client.hpp"

namespace inboxd::net {

/// A socket, with or without TLS around it.
class Connection {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Tls = boost::asio::ssl::stream<Socket>;

  explicit Connection(const boost::asio::any_io_executor& executor) : stream_(Socket(executor)) {}
  /// `host` is what the peer's certificate must be made out to, where `verify`. Throws
  /// boost::system::system_error.
  Connection(const boost::asio::any_io_executor& executor, boost::asio::ssl::context& context,
             const std::string& host, bool verify);

  Socket& socket();
  Tls* tls() { return std::get_if<Tls>(&stream_); }
  /// Calls `work` with the stream to read from and to write to.
  template <class Work>
  void with_stream(Work work) {
    std::visit([&work](auto& stream) { work(stream); }, stream_);
  }
  void close();
  /// Nothing came in and it was not closed since the last answer.
  bool is_quiet();

 private:
  std::variant<Socket, Tls> stream_;
};

/// Connections that wait for their next request: a few for each host, each for a short time. Servers close
/// idle connections after as little as two seconds, and a request that crosses the close on its way is in
/// doubt.
class ConnectionPool {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds kMaxIdle{1500};

  explicit ConnectionPool(std::size_t per_host) : per_host_(per_host) {}

  /// One that is still good, the latest first, or nullptr.
  std::unique_ptr<Connection> take(const Url& url, Time now);
  void put(const Url& url, std::unique_ptr<Connection> connection, Time now);
  /// Closes those that have waited for too long.
  void expire(Time now);
  bool empty() const noexcept { return idle_.empty(); }

 private:
  struct Idle {
    std::unique_ptr<Connection> connection;
    Time since;
  };
  std::size_t per_host_;
  std::map<std::string, std::vector<Idle>> idle_;  // by origin; oldest first
};

}  // namespace inboxd::net
