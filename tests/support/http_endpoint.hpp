#pragma once

#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace inboxd::testing {

/// An HTTP server for tests, on loopback: what it answers is said by a function, byte for byte.
class HttpEndpoint {
 public:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  struct Turn {
    std::string bytes;   ///< what is written
    bool close = false;  ///< and then closed
    bool hang = false;   ///< instead: nothing, until the client goes away
  };
  using Script = std::function<Turn(const Request& request, std::size_t number)>;

  static Turn answer(int status, const std::string& body = "") {
    return {"HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n" + body};
  }

  /// `script` is called on several threads; the first request's number is 1.
  explicit HttpEndpoint(Script script)
      : script_(std::move(script)), acceptor_(io_, {boost::asio::ip::address_v4::loopback(), 0}) {
    accepting_ = std::thread([this] { accept(); });
  }
  ~HttpEndpoint() {
    ending_ = true;
    boost::system::error_code ignored;
    tcp::socket last(io_);
    last.connect(acceptor_.local_endpoint(), ignored);  // wakes accept()
    accepting_.join();
    for (auto& connection : connections_) ::shutdown(connection.socket.native_handle(), SHUT_RDWR);
    for (auto& connection : connections_) connection.thread.join();
  }
  HttpEndpoint(const HttpEndpoint&) = delete;
  HttpEndpoint& operator=(const HttpEndpoint&) = delete;

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::string url(const std::string& target = "/") const {
    return "http://127.0.0.1:" + std::to_string(port()) + target;
  }
  std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::size_t connections() const {
    const std::lock_guard lock(mutex_);
    return accepted_;
  }
  bool wait_for(std::size_t count, std::chrono::milliseconds deadline = std::chrono::seconds(10)) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, deadline, [&] { return requests_.size() >= count; });
  }

 private:
  using tcp = boost::asio::ip::tcp;
  struct Connection {
    tcp::socket socket;
    std::thread thread;
  };

  void accept() {
    while (true) {
      boost::system::error_code error;
      tcp::socket socket(io_);
      acceptor_.accept(socket, error);
      if (error || ending_) return;
      {
        const std::lock_guard lock(mutex_);
        ++accepted_;
      }
      connections_.push_back({std::move(socket), {}});
      Connection& connection = connections_.back();
      connection.thread = std::thread([this, &connection] { serve(connection.socket); });
    }
  }

  void serve(tcp::socket& socket) {
    boost::beast::flat_buffer buffer;
    boost::system::error_code error;
    while (!error) {
      Request request;
      boost::beast::http::read(socket, buffer, request, error);
      if (error) break;
      const Turn turn = script_(request, note(request));
      if (turn.hang) {
        char byte = 0;
        socket.read_some(boost::asio::buffer(&byte, 1), error);
        break;
      }
      boost::asio::write(socket, boost::asio::buffer(turn.bytes), error);
      if (turn.close) break;
    }
    socket.shutdown(tcp::socket::shutdown_both, error);
  }

  std::size_t note(const Request& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    changed_.notify_all();
    return requests_.size();
  }

  Script script_;
  boost::asio::io_context io_;
  tcp::acceptor acceptor_;
  std::atomic<bool> ending_{false};
  std::list<Connection> connections_;  // of the accepting thread, until that has ended
  mutable std::mutex mutex_;           // guards all that follows
  mutable std::condition_variable changed_;
  std::vector<Request> requests_;
  std::size_t accepted_ = 0;
  std::thread accepting_;
};

}  // namespace inboxd::testing
