#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "mqtt/admission.hpp"
#include "mqtt/io_threads.hpp"
#include "mqtt/listener.hpp"
#include "mqtt/socket_transport.hpp"
#include "mqtt/thread_connections.hpp"
#include "tls/certificate.hpp"

namespace inboxd::mqtt {

/// What the doors of a listener share.
struct Inside {
  IoThreads& threads;
  ListenerProbe& probe;
  std::shared_ptr<Admission> admission;
  std::vector<std::shared_ptr<ThreadConnections>> rooms;  ///< one for each thread
};

/// An endpoint that is listened on. Accepts on the first I/O thread, a few in a turn, so that a storm of
/// connections leaves that thread time for those that it has. Shared, since what waits for its socket may
/// come back after it was closed.
class Door : public std::enable_shared_from_this<Door> {
 public:
  Door(Endpoint endpoint, std::size_t index, const Inside& inside);
  ~Door() = default;
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  /// Listens; what comes waits in the kernel's queue until accept().
  Result<void, std::string> open();
  /// These two are the first thread's.
  void accept();
  void close();

  /// From any thread.
  Result<void, std::string> reload();
  std::uint16_t port() const { return port_; }

 private:
  void accept_some();
  bool accept_one();
  void pause();
  void bring_in(SocketTransport::Socket socket, const boost::asio::ip::tcp::endpoint& peer,
                std::size_t thread);

  const Endpoint endpoint_;
  const std::size_t index_;
  const Inside& inside_;  ///< outlives it while it is open, and is not used later
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  std::optional<tls::Certificate> certificate_;
  std::uint16_t port_ = 0;
};

}  // namespace inboxd::mqtt
