#include "net/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/system/system_error.hpp>
#include <string>

namespace inboxd::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

std::string origin_of(const Url& url) {
  return (url.tls ? "s/" : "p/") + std::to_string(url.port) + "/" + url.host;
}

bool is_address(const std::string& host) {
  error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

}  // namespace

Connection::Connection(const asio::any_io_executor& executor, asio::ssl::context& context,
                       const std::string& host, bool verify)
    : stream_(std::in_place_type<Tls>, Socket(executor), context) {
  Tls& tls = std::get<Tls>(stream_);
  // SNI carries names alone. The macro's cast is C's.
  if (!is_address(host) && SSL_ctrl(tls.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME,
                                    TLSEXT_NAMETYPE_host_name, const_cast<char*>(host.c_str())) != 1) {
    throw boost::system::system_error(asio::error::invalid_argument);
  }
  if (verify) {
    tls.set_verify_mode(asio::ssl::verify_peer);
    tls.set_verify_callback(asio::ssl::host_name_verification(host));
  } else {
    tls.set_verify_mode(asio::ssl::verify_none);
  }
}

Connection::Socket& Connection::socket() {
  if (Tls* const stream = tls()) return stream->next_layer();
  return std::get<Socket>(stream_);
}

void Connection::close() {
  error_code ignored;
  socket().close(ignored);
}

bool Connection::is_quiet() {
  error_code error;
  socket().non_blocking(true, error);
  if (error) return false;
  char byte = 0;
  socket().receive(asio::buffer(&byte, 1), Socket::message_peek, error);
  return error == asio::error::would_block || error == asio::error::try_again;
}

std::unique_ptr<Connection> ConnectionPool::take(const Url& url, Time now) {
  expire(now);
  const auto found = idle_.find(origin_of(url));
  std::unique_ptr<Connection> connection;
  if (found == idle_.end()) return connection;
  auto& idle = found->second;
  while (!idle.empty() && !connection) {
    connection = std::move(idle.back().connection);
    idle.pop_back();
    if (!connection->is_quiet()) connection.reset();
  }
  if (idle.empty()) idle_.erase(found);
  return connection;
}

void ConnectionPool::put(const Url& url, std::unique_ptr<Connection> connection, Time now) {
  if (per_host_ == 0) return;
  auto& idle = idle_[origin_of(url)];
  if (idle.size() == per_host_) idle.erase(idle.begin());
  idle.push_back({std::move(connection), now});
}

void ConnectionPool::expire(Time now) {
  for (auto next = idle_.begin(); next != idle_.end();) {
    std::erase_if(next->second, [now](const Idle& idle) { return now - idle.since >= kMaxIdle; });
    next = next->second.empty() ? idle_.erase(next) : std::next(next);
  }
}

}  // namespace inboxd::net
