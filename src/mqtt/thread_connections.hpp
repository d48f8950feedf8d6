#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mqtt/io_threads.hpp"
#include "mqtt/listener.hpp"
#include "mqtt/transport.hpp"

namespace inboxd::mqtt {

class SocketTransport;

/// The connections of one I/O thread, and what they share: buffers, the write at the end of a turn, the
/// clock. Made anywhere, then for that thread alone. Its connections own it, and it owns them: that circle
/// ends as each of them closes, or with drop_all().
class ThreadConnections final : public Ticker, public std::enable_shared_from_this<ThreadConnections> {
 public:
  using Shared = std::shared_ptr<SocketTransport>;
  using Place = std::list<Shared>::iterator;

  static constexpr std::size_t kReadBytes = 64 * 1024;  ///< at most in one turn of a connection

  ThreadConnections(IoThreads& threads, std::size_t index, const ListenerLimits& limits,
                    HandlerFactory factory, ListenerProbe& probe);
  ~ThreadConnections() override;
  ThreadConnections(const ThreadConnections&) = delete;
  ThreadConnections& operator=(const ThreadConnections&) = delete;

  /// Keeps it until remove().
  Place add(Shared connection);
  void remove(Place place) { open_.erase(place); }

  void tick(Time now) override;
  /// Closes all, and makes no handler any more.
  void drop_all();

  /// Has it write once this turn is over: what is sent until then goes together.
  void write_soon(Shared connection);

  /// Null where the factory makes none or has been let go of.
  std::unique_ptr<ConnectionHandler> make_handler(const Transport& transport) const;

  /// Where sockets are read into, and where layers put what was in it.
  std::span<char> input() { return input_; }
  std::span<char> scratch() { return scratch_; }
  /// Takes what is sent on connections that send no more.
  std::string& sink();

  /// An empty string to fill, and its return: idle connections have no buffer of their own.
  std::string borrow();
  void give_back(std::string&& buffer);

  std::size_t index() const { return index_; }
  const ListenerLimits& limits() const { return limits_; }
  ListenerProbe& probe() const { return probe_; }
  boost::asio::io_context& context() const { return context_; }

 private:
  void write_all();

  boost::asio::io_context& context_;
  const std::size_t index_;
  const ListenerLimits limits_;
  HandlerFactory factory_;
  ListenerProbe& probe_;
  std::vector<char> input_;
  std::vector<char> scratch_;
  std::string sink_;
  std::vector<std::string> spare_;
  std::list<Shared> open_;
  std::vector<Shared> to_write_;  ///< at the end of this turn
  std::vector<Shared> writing_;
};

}  // namespace inboxd::mqtt
