#include "unit/mqtt/clients.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace inboxd::mqtt::testing {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

using Tcp = tcp::socket;
using Tls = asio::ssl::stream<tcp::socket>;
template <class Stream>
using Ws = websocket::stream<Stream, false>;

asio::ssl::context trusting_context() {
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.set_verify_mode(asio::ssl::verify_none);
  return context;
}

/// An operation's end, waited for with a deadline.
class Patience {
 public:
  asio::io_context& context() { return context_; }

  /// Calls `begin` with what the operation is to call at its end; gives the bytes that it moved.
  template <class Begin>
  std::size_t wait(Begin begin) {
    std::optional<error_code> end;
    std::size_t bytes = 0;
    begin([&end, &bytes](error_code error, std::size_t n = 0) {
      end = error;
      bytes = n;
    });
    context_.restart();
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!end && context_.run_one_until(deadline) > 0) continue;
    if (!end) throw std::runtime_error("nothing happened in time");
    if (*end) throw boost::system::system_error(*end);
    return bytes;
  }

 private:
  asio::io_context context_;
};

template <class Stream>
constexpr bool kIsWs = false;
template <class Stream>
constexpr bool kIsWs<Ws<Stream>> = true;

template <class Stream>
class StreamClient final : public Client {
 public:
  template <class... More>
  explicit StreamClient(std::uint16_t port, More&... more) : stream_(patience_.context(), more...) {
    beast::get_lowest_layer(stream_).connect({asio::ip::address_v4::loopback(), port});
    if constexpr (std::is_same_v<Stream, Tls>) {
      patience_.wait([&](auto end) { stream_.async_handshake(Tls::client, std::move(end)); });
    }
    if constexpr (std::is_same_v<Stream, Ws<Tls>>) {
      patience_.wait([&](auto end) { stream_.next_layer().async_handshake(Tls::client, std::move(end)); });
    }
    if constexpr (kIsWs<Stream>) {
      stream_.binary(true);
      stream_.set_option(websocket::stream_base::decorator([](websocket::request_type& request) {
        request.set(beast::http::field::sec_websocket_protocol, "mqtt");
      }));
      patience_.wait([&](auto end) { stream_.async_handshake("localhost", "/ws", std::move(end)); });
    }
  }

  void send(std::string_view bytes) override {
    const auto buffer = asio::buffer(bytes.data(), bytes.size());
    if constexpr (kIsWs<Stream>) {
      patience_.wait([&](auto end) { stream_.async_write(buffer, std::move(end)); });
    } else {
      patience_.wait([&](auto end) { asio::async_write(stream_, buffer, std::move(end)); });
    }
  }

  std::string receive(std::size_t size) override {
    while (read_.size() < size) {
      std::string more(65'536, '\0');
      const auto n =
          patience_.wait([&](auto end) { stream_.async_read_some(asio::buffer(more), std::move(end)); });
      read_.append(more, 0, n);
    }
    std::string bytes = read_.substr(0, size);
    read_.erase(0, size);
    return bytes;
  }

  bool ended_well() override {
    try {
      for (;;) receive(read_.size() + 1);
    } catch (const boost::system::system_error& error) {
      return error.code() == asio::error::eof || error.code() == websocket::error::closed;
    }
  }

  void close() override {
    if constexpr (kIsWs<Stream>) {
      patience_.wait([&](auto end) { stream_.async_close(websocket::close_code::normal, std::move(end)); });
    } else if constexpr (std::is_same_v<Stream, Tls>) {
      patience_.wait([&](auto end) { stream_.async_shutdown(std::move(end)); });
    } else {
      stream_.close();
    }
  }

 private:
  Patience patience_;
  Stream stream_;
  std::string read_;
};

/// Keeps the context that its base is made with.
template <class Stream>
class SecureClient final : public Client {
 public:
  explicit SecureClient(std::uint16_t port) : context_(trusting_context()), client_(port, context_) {}
  void send(std::string_view bytes) override { client_.send(bytes); }
  std::string receive(std::size_t size) override { return client_.receive(size); }
  bool ended_well() override { return client_.ended_well(); }
  void close() override { client_.close(); }

 private:
  asio::ssl::context context_;
  StreamClient<Stream> client_;
};

}  // namespace

std::unique_ptr<Client> connect(TransportKind kind, std::uint16_t port) {
  switch (kind) {
    case TransportKind::kTcp:
      return std::make_unique<StreamClient<Tcp>>(port);
    case TransportKind::kTls:
      return std::make_unique<SecureClient<Tls>>(port);
    case TransportKind::kWs:
      return std::make_unique<StreamClient<Ws<Tcp>>>(port);
    case TransportKind::kWss:
      break;
  }
  return std::make_unique<SecureClient<Ws<Tls>>>(port);
}

RawClient::RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval deadline{kPatience.count(), 0};
  (void)::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as the system has it
  const auto* const where = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket_, where, sizeof address) != 0) throw std::runtime_error("cannot connect");
}

RawClient::~RawClient() { ::close(socket_); }

void RawClient::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string RawClient::read_some(std::size_t size) const {
  std::string bytes(size, '\0');
  const auto n = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (n < 0 && errno == EAGAIN) throw std::runtime_error("nothing came in time");
  bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return bytes;
}

std::string RawClient::read_to_end() const {
  std::string all;
  for (std::string more = read_some(); !more.empty(); more = read_some()) all += more;
  return all;
}

WsOutcome attempt(std::uint16_t port, const WsAttempt& attempt) {
  Patience patience;
  Ws<Tcp> stream(patience.context());
  stream.next_layer().connect({asio::ip::address_v4::loopback(), port});
  stream.set_option(websocket::stream_base::decorator([&attempt](websocket::request_type& request) {
    if (attempt.subprotocols.empty()) return;
    request.set(beast::http::field::sec_websocket_protocol, attempt.subprotocols);
  }));
  websocket::response_type response;
  WsOutcome outcome;
  try {
    patience.wait(
        [&](auto end) { stream.async_handshake(response, "localhost", attempt.path, std::move(end)); });
    outcome.upgraded = true;
  } catch (const boost::system::system_error&) {
    outcome.upgraded = false;
  }
  outcome.status = response.result_int();
  outcome.subprotocol = std::string(response[beast::http::field::sec_websocket_protocol]);
  if (!outcome.upgraded || attempt.text.empty()) return outcome;
  stream.text(true);
  patience.wait([&](auto end) { stream.async_write(asio::buffer(attempt.text), std::move(end)); });
  beast::flat_buffer buffer;
  try {
    patience.wait([&](auto end) { stream.async_read(buffer, std::move(end)); });
  } catch (const boost::system::system_error&) {
    outcome.close_code = stream.reason().code;
  }
  return outcome;
}

}  // namespace inboxd::mqtt::testing
