#include "mqtt/listener.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <utility>

#include "mqtt/door.hpp"

namespace inboxd::mqtt {

class Listener::Impl {
 public:
  Impl(const ListenerLimits& limits, ListenerParts parts)
      : inside_{parts.threads, parts.probe, std::make_shared<Admission>(limits, parts.threads.size()), {}} {
    for (std::size_t i = 0; i < parts.threads.size(); ++i) {
      inside_.rooms.push_back(
          std::make_shared<ThreadConnections>(parts.threads, i, limits, parts.factory, parts.probe));
    }
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { stop(); }

  Result<void, std::string> open(const Endpoint& endpoint) {
    return doors_.emplace_back(std::make_shared<Door>(endpoint, doors_.size(), inside_))->open();
  }

  void run() {
    for (std::size_t i = 0; i < inside_.rooms.size(); ++i) {
      inside_.threads.every_second(i, inside_.rooms[i]);
    }
    inside_.threads.run(0, [this] {
      for (const auto& door : doors_) door->accept();
    });
  }

  void stop_accepting() {
    if (std::exchange(closed_, true)) return;
    inside_.threads.run(0, [this] {
      for (const auto& door : doors_) door->close();
    });
  }

  void stop() {
    if (std::exchange(stopped_, true)) return;
    // What was accepted is on its way to its thread, and ahead of what follows.
    stop_accepting();
    for (std::size_t i = 0; i < inside_.rooms.size(); ++i) {
      inside_.threads.run(i, [this, i] { inside_.rooms[i]->drop_all(); });
    }
  }

  Result<void, std::string> reload() {
    Result<void, std::string> all;
    for (const auto& door : doors_) {
      if (auto loaded = door->reload(); !loaded && all) all = std::move(loaded);
    }
    return all;
  }

  std::size_t connections() const { return inside_.admission->connections(); }
  std::uint16_t port(std::size_t endpoint) const { return doors_.at(endpoint)->port(); }

 private:
  Inside inside_;
  std::vector<std::shared_ptr<Door>> doors_;
  bool closed_ = false;
  bool stopped_ = false;
};

bool is_loopback(const Endpoint& endpoint) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(endpoint.address, error);
  return !error && address.is_loopback();
}

bool all_loopback(const std::vector<Endpoint>& endpoints) {
  return std::all_of(endpoints.begin(), endpoints.end(), is_loopback);
}

Listener::Listener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Listener::~Listener() = default;

Result<std::unique_ptr<Listener>, std::string> Listener::start(const std::vector<Endpoint>& endpoints,
                                                               const ListenerLimits& limits,
                                                               ListenerParts parts) {
  auto impl = std::make_unique<Impl>(limits, std::move(parts));
  for (const Endpoint& endpoint : endpoints) {
    if (auto opened = impl->open(endpoint); !opened) return Failure<std::string>(std::move(opened.error()));
  }
  impl->run();
  return std::unique_ptr<Listener>(new Listener(std::move(impl)));
}

void Listener::stop_accepting() { impl_->stop_accepting(); }
void Listener::stop() { impl_->stop(); }
Result<void, std::string> Listener::reload() { return impl_->reload(); }
std::size_t Listener::connections() const { return impl_->connections(); }
std::uint16_t Listener::port(std::size_t endpoint) const { return impl_->port(endpoint); }

}  // namespace inboxd::mqtt
