/// An HTTP endpoint that takes every event at once: what webhooks cost the engine, not what an endpoint
/// costs. Prints its port, serves until it is told to end, and then prints how many it took.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <csignal>
#include <cstdint>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, std::uint64_t& taken) : stream_(std::move(socket)), taken_(taken) {}

  void read() {
    parser_.emplace();
    wire::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) self->answer();
    });
  }

 private:
  void answer() {
    ++taken_;
    answer_ = {wire::status::ok, 11};
    answer_.keep_alive(true);
    answer_.content_length(0);
    wire::async_write(stream_, answer_, [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) self->read();
    });
  }

  beast::tcp_stream stream_;
  std::uint64_t& taken_;
  beast::flat_buffer buffer_;
  std::optional<wire::request_parser<wire::string_body>> parser_;
  wire::response<wire::empty_body> answer_;
};

void accept(tcp::acceptor& acceptor, std::uint64_t& taken) {
  acceptor.async_accept([&](error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) std::make_shared<Connection>(std::move(socket), taken)->read();
    accept(acceptor, taken);
  });
}

void run() {
  asio::io_context context{1};
  std::uint64_t taken = 0;
  tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  asio::signal_set signals(context, SIGTERM, SIGINT);
  signals.async_wait([&](error_code, int) { context.stop(); });
  accept(acceptor, taken);
  std::cout << acceptor.local_endpoint().port() << std::endl;
  context.run();
  std::cout << taken << std::endl;
}

}  // namespace

int main() {
  try {
    run();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "bench_sink: " << error.what() << '\n';
    return 1;
  }
}
