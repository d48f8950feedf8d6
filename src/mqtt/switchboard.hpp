#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "mqtt/commands.hpp"
#include "mqtt/io_threads.hpp"

namespace inboxd::mqtt {

/// Where a connection takes what the hub has for it. For the connection's I/O thread.
class EventReceiver {
 public:
  virtual ~EventReceiver() = default;
  virtual void take(Event&& event) = 0;
  /// The feed has room again.
  virtual void room() = 0;
  /// The server goes: the connection is to end at that time.
  virtual void leave(std::chrono::steady_clock::time_point at) = 0;
};

/// Knows which connection is where, and brings them the hub's events: all of one flush in one turn of each
/// thread. Events for connections that are gone go nowhere.
class Switchboard final : public EventSink {
 public:
  /// `threads` must outlive it, and have stopped before it goes.
  explicit Switchboard(IoThreads& threads)
      : threads_(threads), threads_of_(threads.size()), outgoing_(threads.size()) {}

  // For the hub's thread.
  void send(Event event) override;
  void flush() override;
  /// Tells those who wait for it that the feed has room.
  void room();
  /// Has every connection end within that time, evenly spread. From any thread.
  void drain(std::chrono::milliseconds time);
  /// Payload that is on its way to the I/O threads, in bytes. Whoever makes events must look at it: there is
  /// no other bound.
  std::size_t under_way() const noexcept { return under_way_.load(std::memory_order_relaxed); }

  // For the connection's I/O thread, which `id.thread` is.
  void add(ConnectionId id, EventReceiver& receiver) {
    threads_of_[id.thread].receivers.emplace(id.number, &receiver);
  }
  void remove(ConnectionId id) { threads_of_[id.thread].receivers.erase(id.number); }
  /// Has its room() called once.
  void wait_for_room(ConnectionId id) { threads_of_[id.thread].waiting.push_back(id.number); }

 private:
  /// For that thread alone.
  struct Local {
    std::unordered_map<std::uint64_t, EventReceiver*> receivers;
    std::vector<std::uint64_t> waiting;
  };
  /// For the hub's thread.
  struct Outbound {
    std::vector<Event> events;
    std::size_t bytes = 0;
  };

  void hand_out(std::size_t thread, std::vector<Event>& events);

  IoThreads& threads_;
  std::vector<Local> threads_of_;
  std::vector<Outbound> outgoing_;
  std::atomic<std::size_t> under_way_{0};
};

}  // namespace inboxd::mqtt
