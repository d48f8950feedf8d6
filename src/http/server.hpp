#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "http/router.hpp"

namespace inboxd::http {

struct Limits {
  std::size_t connections = 256;               ///< over all listeners; further ones are closed at once
  std::size_t header_bytes = 8 * 1024;         ///< beyond: 431
  std::size_t body_bytes = 64 * 1024;          ///< beyond: 413
  std::chrono::milliseconds request{10'000};   ///< from a request's first byte to its last; beyond: closed
  std::chrono::milliseconds response{10'000};  ///< for the client to take the answer; beyond: closed
  std::chrono::milliseconds idle{60'000};      ///< between requests of one connection; beyond: closed
};

struct Listener {
  std::string address;     ///< an IP address
  std::uint16_t port = 0;  ///< 0: any free one
  const Router* router = nullptr;
};

/// An HTTP/1.1 server on a thread of its own: handlers run there, one at a time, and must not block for long.
class Server {
 public:
  /// Listens on all of them or on none; the error says, for people, which address failed and why. The routers
  /// must outlive the server.
  static Result<std::unique_ptr<Server>, std::string> start(const std::vector<Listener>& listeners,
                                                            const Limits& limits);

  /// Closes every connection and waits for the thread.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The port of a listener, by its place in start()'s list.
  std::uint16_t port(std::size_t listener) const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace inboxd::http
