#include "mqtt/thread_connections.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "mqtt/socket_transport.hpp"
#include "mqtt/tls_layer.hpp"

namespace inboxd::mqtt {
namespace {

constexpr std::size_t kSpares = 16;
// Others are freed.
constexpr std::size_t kLeastBytes = 64;
constexpr std::size_t kMostBytes = 256 * 1024;

}  // namespace

ThreadConnections::ThreadConnections(IoThreads& threads, std::size_t index, const ListenerLimits& limits,
                                     HandlerFactory factory, ListenerProbe& probe)
    : context_(threads.context(index)),
      index_(index),
      limits_(limits),
      factory_(std::move(factory)),
      probe_(probe),
      input_(kReadBytes),
      scratch_(TlsLayer::scratch_bytes(kReadBytes)) {}

ThreadConnections::~ThreadConnections() = default;

ThreadConnections::Place ThreadConnections::add(Shared connection) {
  return open_.insert(open_.end(), std::move(connection));
}

void ThreadConnections::tick(Time now) {
  // None is removed meanwhile: a connection that is closed here leaves in a later turn.
  for (const Shared& connection : open_) connection->tick(now);
}

void ThreadConnections::drop_all() {
  factory_ = nullptr;
  while (!open_.empty()) {
    const Shared connection = open_.front();
    connection->drop();
  }
}

void ThreadConnections::write_soon(Shared connection) {
  if (to_write_.empty()) {
    boost::asio::post(context_, [self = shared_from_this()] { self->write_all(); });
  }
  to_write_.push_back(std::move(connection));
}

void ThreadConnections::write_all() {
  // Those that have more to write afterwards wait for the next turn.
  writing_.swap(to_write_);
  for (const Shared& connection : writing_) connection->write();
  writing_.clear();
}

std::unique_ptr<ConnectionHandler> ThreadConnections::make_handler(const Transport& transport) const {
  return factory_ ? factory_(transport) : nullptr;
}

std::string& ThreadConnections::sink() {
  sink_.clear();
  return sink_;
}

std::string ThreadConnections::borrow() {
  if (spare_.empty()) return {};
  std::string buffer = std::move(spare_.back());
  spare_.pop_back();
  return buffer;
}

void ThreadConnections::give_back(std::string&& buffer) {
  std::string taken = std::move(buffer);
  buffer = {};
  const std::size_t bytes = taken.capacity();
  if (bytes < kLeastBytes || bytes > kMostBytes || spare_.size() == kSpares) return;
  taken.clear();
  spare_.push_back(std::move(taken));
}

}  // namespace inboxd::mqtt
