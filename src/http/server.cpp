#include "http/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <thread>
#include <unordered_set>

#include "http/session.hpp"

namespace inboxd::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Opens, or says what failed.
error_code open(tcp::acceptor& acceptor, const Listener& listener) {
  error_code error;
  const auto address = asio::ip::make_address(listener.address, error);
  if (error) return error;
  const tcp::endpoint endpoint(address, listener.port);
  if (acceptor.open(endpoint.protocol(), error)) return error;
  if (acceptor.set_option(asio::socket_base::reuse_address(true), error)) return error;
  if (acceptor.bind(endpoint, error)) return error;
  (void)acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

}  // namespace

class Server::Impl {
 public:
  explicit Impl(const Limits& limits) : limits_(limits) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ~Impl() {
    if (!thread_.joinable()) return;
    context_.stop();
    thread_.join();
  }

  Result<void, std::string> listen(const Listener& listener) {
    Door& door = doors_.emplace_back(context_, listener.router);
    const error_code error = open(door.acceptor, listener);
    if (!error) return {};
    return Failure<std::string>("cannot listen on " + listener.address + " port " +
                                std::to_string(listener.port) + ": " + error.message());
  }

  void run() {
    for (Door& door : doors_) accept(door);
    thread_ = std::thread([this] { context_.run(); });
  }

  std::uint16_t port(std::size_t index) const {
    return std::next(doors_.begin(), static_cast<std::ptrdiff_t>(index))->acceptor.local_endpoint().port();
  }

 private:
  struct Door {
    Door(asio::io_context& context, const Router* routes)
        : acceptor(context), pause(context), router(routes) {}
    tcp::acceptor acceptor;
    asio::steady_timer pause;
    const Router* router;
  };

  void accept(Door& door) {
    door.acceptor.async_accept([this, &door](const error_code& error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) {
        // Out of file descriptors, most likely: trying again at once would spin.
        door.pause.expires_after(std::chrono::milliseconds(100));
        door.pause.async_wait([this, &door](const error_code& aborted) {
          if (!aborted) accept(door);
        });
        return;
      }
      if (*open_ < limits_.connections) start_session(std::move(socket), *door.router, limits_, open_);
      accept(door);
    });
  }

  Limits limits_;
  std::shared_ptr<std::size_t> open_ = std::make_shared<std::size_t>(0);
  asio::io_context context_{1};
  std::list<Door> doors_;
  std::thread thread_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>, std::string> Server::start(const std::vector<Listener>& listeners,
                                                           const Limits& limits) {
  auto impl = std::make_unique<Impl>(limits);
  for (const Listener& listener : listeners) {
    if (auto opened = impl->listen(listener); !opened) return Failure<std::string>(std::move(opened.error()));
  }
  impl->run();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

std::uint16_t Server::port(std::size_t listener) const { return impl_->port(listener); }

}  // namespace inboxd::http
