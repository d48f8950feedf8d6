#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "mqtt/io_threads.hpp"
#include "mqtt/listener.hpp"

/// A listener with a handler whose behaviour the test decides, and what happened in it.
namespace inboxd::mqtt::testing {

/// What has happened so far. Safe for use from all threads.
struct Happened {
  std::size_t made = 0;  ///< handlers
  std::size_t destroyed = 0;
  std::size_t opened = 0;
  std::size_t drained = 0;
  std::size_t ticks = 0;
  std::size_t received = 0;  ///< bytes
  std::size_t accepted = 0;
  std::size_t probe_closed = 0;
  std::size_t failed = 0;
  std::size_t out_of_descriptors = 0;
  std::size_t unsent = 0;     ///< when last looked at
  std::size_t misplaced = 0;  ///< calls before opened() or after closed()
  std::uint64_t bytes_out = 0;
  std::vector<CloseCause> closed;
  std::vector<Refused> refused;
};

class Journal {
 public:
  void note(const std::function<void(Happened&)>& change);
  Happened now() const;
  /// Whether it became true in time.
  bool wait(const std::function<bool(const Happened&)>& condition) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Happened happened_;
};

/// What a handler does besides writing down that it was called. On the I/O threads.
struct Behaviour {
  std::function<void(Transport&)> opened = [](Transport&) {};
  std::function<void(Transport&, std::string_view)> received =
      [](Transport& transport, std::string_view bytes) { transport.send(bytes); };
  std::function<void(Transport&)> drained = [](Transport&) {};
};

class Listening : public ::testing::Test {
 protected:
  static constexpr std::size_t kThreads = 2;

  Listening();
  ~Listening() override;
  /// Ends the listener, so that a behaviour may use what a derived class holds.
  void TearDown() override;
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  /// Over one endpoint of that kind.
  void start(TransportKind kind, const ListenerLimits& limits = {});
  std::uint16_t port() const { return listener->port(0); }
  bool wait(const std::function<bool(const Happened&)>& condition) const { return journal.wait(condition); }
  /// Until this many have been closed, however they were.
  bool wait_closed(std::size_t count) const;
  /// A new key, and a certificate for `name`.
  void write_pair(const std::string& name) const;
  tls::Files files() const;

  Journal journal;
  Behaviour behaviour;
  std::unique_ptr<IoThreads> threads;
  std::unique_ptr<ListenerProbe> probe;
  std::unique_ptr<Listener> listener;

 private:
  std::filesystem::path directory_;
};

}  // namespace inboxd::mqtt::testing
