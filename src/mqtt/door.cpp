#include "mqtt/door.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

#include "mqtt/layer.hpp"
#include "mqtt/tls_layer.hpp"
#include "mqtt/websocket_layer.hpp"

namespace inboxd::mqtt {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kAcceptsPerTurn = 16;
constexpr std::chrono::milliseconds kPause{100};

bool is_tls(TransportKind kind) { return kind == TransportKind::kTls || kind == TransportKind::kWss; }
bool is_websocket(TransportKind kind) { return kind == TransportKind::kWs || kind == TransportKind::kWss; }

std::string cannot_listen(const Endpoint& endpoint, const std::string& why) {
  return "cannot listen on " + endpoint.address + " port " + std::to_string(endpoint.port) + ": " + why;
}

error_code listen(tcp::acceptor& acceptor, const Endpoint& endpoint) {
  error_code error;
  const auto address = asio::ip::make_address(endpoint.address, error);
  if (error) return error;
  const tcp::endpoint local(address, endpoint.port);
  if (acceptor.open(local.protocol(), error)) return error;
  if (acceptor.set_option(asio::socket_base::reuse_address(true), error)) return error;
  if (acceptor.bind(local, error)) return error;
  if (acceptor.listen(asio::socket_base::max_listen_connections, error)) return error;
  (void)acceptor.non_blocking(true, error);
  return error;
}

/// On the connection's thread, since making the state of TLS is dear.
std::unique_ptr<Layer> make_layer(TransportKind kind, const tls::Certificate::Context& certificate,
                                  ThreadConnections& room) {
  std::unique_ptr<Layer> outer;
  std::unique_ptr<Layer> inner;
  if (is_tls(kind)) outer = std::make_unique<TlsLayer>(certificate, room.scratch());
  if (is_websocket(kind)) inner = std::make_unique<WebSocketLayer>(room.limits().message_bytes);
  if (outer && inner) return std::make_unique<StackedLayer>(std::move(outer), std::move(inner));
  return outer ? std::move(outer) : std::move(inner);
}

/// Whether the socket can be served.
bool prepare(SocketTransport::Socket& socket) {
  error_code error;
  if (socket.non_blocking(true, error)) return false;
  (void)socket.set_option(tcp::no_delay(true), error);
  (void)socket.set_option(asio::socket_base::keep_alive(true), error);
  return true;
}

}  // namespace

Door::Door(Endpoint endpoint, std::size_t index, const Inside& inside)
    : endpoint_(std::move(endpoint)),
      index_(index),
      inside_(inside),
      acceptor_(inside.threads.context(0)),
      pause_(inside.threads.context(0)) {
  if (is_tls(endpoint_.kind) && endpoint_.certificate) certificate_.emplace(*endpoint_.certificate);
}

Result<void, std::string> Door::open() {
  if (is_tls(endpoint_.kind) && !certificate_) {
    return Failure<std::string>(cannot_listen(endpoint_, "no certificate is given"));
  }
  if (auto loaded = reload(); !loaded) return loaded;
  error_code error = listen(acceptor_, endpoint_);
  if (!error) port_ = acceptor_.local_endpoint(error).port();
  if (error) return Failure<std::string>(cannot_listen(endpoint_, error.message()));
  return {};
}

Result<void, std::string> Door::reload() {
  if (!certificate_) return {};
  return certificate_->load();
}

void Door::accept() {
  acceptor_.async_wait(tcp::acceptor::wait_read, [self = shared_from_this()](const error_code& aborted) {
    if (!aborted && self->acceptor_.is_open()) self->accept_some();
  });
}

void Door::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    if (!accept_one()) return;
  }
  accept();
}

/// Whether there may be more in this turn; if not, has seen to the next.
bool Door::accept_one() {
  const std::size_t thread = inside_.admission->quietest_thread();
  SocketTransport::Socket socket(inside_.threads.context(thread));
  tcp::endpoint peer;
  error_code error;
  (void)acceptor_.accept(socket, peer, error);
  if (!error) {
    bring_in(std::move(socket), peer, thread);
    return true;
  }
  // It went away while it waited in the queue.
  if (error == asio::error::connection_aborted) return true;
  if (error == asio::error::would_block || error == asio::error::try_again) {
    accept();
  } else {
    pause();
  }
  return false;
}

/// Out of descriptors or memory: what waits in the queue would wake this thread again at once, and in vain.
void Door::pause() {
  inside_.probe.out_of_descriptors();
  pause_.expires_after(kPause);
  pause_.async_wait([self = shared_from_this()](const error_code& aborted) {
    if (!aborted && self->acceptor_.is_open()) self->accept();
  });
}

void Door::bring_in(SocketTransport::Socket socket, const tcp::endpoint& peer, std::size_t thread) {
  auto seat = inside_.admission->admit(peer.address(), thread);
  if (!seat) return inside_.probe.refused(seat.error());
  if (!prepare(socket)) return inside_.probe.refused(Refused::kHandshake);
  SocketTransport::Origin origin{endpoint_.kind, index_, peer, std::move(*seat)};
  asio::post(inside_.threads.context(thread), [socket = std::move(socket), origin = std::move(origin),
                                               room = inside_.rooms[thread],
                                               certificate = certificate_ ? certificate_->context()
                                                                          : nullptr]() mutable {
    auto layer = make_layer(origin.kind, certificate, *room);
    std::make_shared<SocketTransport>(std::move(socket), std::move(layer), std::move(origin), room)->start();
  });
}

void Door::close() {
  error_code ignored;
  (void)acceptor_.close(ignored);
  pause_.cancel();
}

}  // namespace inboxd::mqtt
