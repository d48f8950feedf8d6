#include "http/server.hpp"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <list>
#include <thread>

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

class Server::Impl final : public Loop {
 public:
  explicit Impl(const Limits& limits)
      : limits_(limits), connections_(limits.connections), outlet_(std::make_shared<Outlet>(*this)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() override { stop(); }

  void stop() {
    outlet_->close();
    stopped_ = true;
    context_.stop();
    if (thread_.joinable()) thread_.join();
    connections_.clear();
  }

  Result<void, std::string> listen(const Listener& listener) {
    Door& door = doors_.emplace_back(context_, listener);
    if (door.certificate) {
      if (auto loaded = door.certificate->load(); !loaded) return loaded;
    }
    const error_code error = open(door.acceptor, listener);
    if (!error) return {};
    return Failure<std::string>("cannot listen on " + listener.address + " port " +
                                std::to_string(listener.port) + ": " + error.message());
  }

  void run() {
    for (Door& door : doors_) accept(door);
    thread_ = std::thread([this] { work(); });
  }

  Result<void, std::string> reload() {
    Result<void, std::string> all;
    for (Door& door : doors_) {
      if (!door.certificate) continue;
      if (auto loaded = door.certificate->load(); !loaded && all) all = std::move(loaded);
    }
    return all;
  }

  void post(Task task) override {
    if (!stopped_) asio::post(context_, std::move(task));
  }

  void after(std::chrono::milliseconds time, Task task) override {
    post([this, time, task = std::move(task)]() mutable {
      auto timer = std::make_shared<asio::steady_timer>(context_, time);
      timer->async_wait([timer, task = std::move(task)](const error_code& aborted) {
        if (!aborted) task();
      });
    });
  }

  asio::any_io_executor executor() { return context_.get_executor(); }

  std::uint16_t port(std::size_t index) const {
    return std::next(doors_.begin(), static_cast<std::ptrdiff_t>(index))->acceptor.local_endpoint().port();
  }

 private:
  struct Door {
    Door(asio::io_context& context, const Listener& listener)
        : acceptor(context), pause(context), router(listener.router) {
      if (listener.tls) certificate.emplace(*listener.tls);
    }
    tcp::acceptor acceptor;
    asio::steady_timer pause;
    const Router* router;
    std::optional<Certificate> certificate;
  };

  void work() {
    for (;;) {
      try {
        context_.run();
        return;
      } catch (const std::exception&) {
        // What threw has let go of its responder, which answered 500. The others must not suffer.
        continue;
      }
    }
  }

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
      serve(door, std::move(socket));
      accept(door);
    });
  }

  void serve(Door& door, tcp::socket socket) {
    const auto admission = connections_.admit();
    if (admission == Connections::Admission::kClosed) return;
    start_session(std::move(socket), door.certificate ? door.certificate->context() : nullptr,
                  {.router = *door.router,
                   .limits = limits_,
                   .connections = connections_,
                   .outlet = outlet_,
                   .health_only = admission == Connections::Admission::kHealthOnly});
  }

  Limits limits_;
  std::atomic<bool> stopped_{false};
  asio::io_context context_{1};
  Connections connections_;
  std::shared_ptr<Outlet> outlet_;
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

void Server::stop() { impl_->stop(); }
Result<void, std::string> Server::reload() { return impl_->reload(); }
Loop& Server::loop() { return *impl_; }
asio::any_io_executor Server::executor() { return impl_->executor(); }
std::uint16_t Server::port(std::size_t listener) const { return impl_->port(listener); }

}  // namespace inboxd::http
