#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "http/loop.hpp"
#include "http/router.hpp"
#include "tls/certificate.hpp"

namespace inboxd::http {

struct Limits {
  /// Over all listeners. A further one closes that which has been idle longest; where none is idle, a few
  /// more are let in that are served `/health` alone, and all others closed at once.
  std::size_t connections = 256;
  std::size_t header_bytes = 8 * 1024;         ///< beyond: 431
  std::size_t body_bytes = 64 * 1024;          ///< beyond: 413
  std::chrono::milliseconds request{10'000};   ///< from a request's first byte to its last; beyond: closed
  std::chrono::milliseconds response{10'000};  ///< for the client to take the answer; beyond: closed
  std::chrono::milliseconds idle{60'000};      ///< between requests of one connection; beyond: closed
};

using TlsFiles = tls::Files;

struct Listener {
  std::string address;     ///< an IP address
  std::uint16_t port = 0;  ///< 0: any free one
  const Router* router = nullptr;
  std::optional<TlsFiles> tls = {};  ///< HTTPS, where given
};

/// An HTTP/1.1 server on a thread of its own: handlers run there, one at a time, and must not block for long.
class Server {
 public:
  /// Listens on all of them or on none; the error says, for people, which address or file failed and why. The
  /// routers must outlive the server.
  static Result<std::unique_ptr<Server>, std::string> start(const std::vector<Listener>& listeners,
                                                            const Limits& limits);

  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Closes every connection and waits for the thread. What runs on the executor may then be destroyed from
  /// this thread, and must be before the server is.
  void stop();

  /// Reads the certificates' files anew; connections that are open keep what they have. A pair that cannot be
  /// used leaves the earlier one in place, and the error says why. From any thread.
  Result<void, std::string> reload();

  /// The thread that handlers run on. May be used until the server is destroyed, and after stop() in vain.
  Loop& loop();
  boost::asio::any_io_executor executor();

  /// The port of a listener, by its place in start()'s list.
  std::uint16_t port(std::size_t listener) const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace inboxd::http
