#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "mqtt/io_threads.hpp"
#include "mqtt/transport.hpp"
#include "tls/certificate.hpp"

namespace inboxd::mqtt {

struct Endpoint {
  TransportKind kind = TransportKind::kTcp;
  std::string address;                         ///< an IP address
  std::uint16_t port = 0;                      ///< 0: any free one
  std::optional<tls::Files> certificate = {};  ///< must be given for kTls and kWss
};

/// Nobody but this machine can reach it.
bool is_loopback(const Endpoint& endpoint);
bool all_loopback(const std::vector<Endpoint>& endpoints);

struct ListenerLimits {
  std::size_t connections = 10'000;             ///< over all endpoints; further ones are closed at once
  std::size_t connections_per_address = 1'000;  ///< 0: no limit. Of IPv6, a /64 counts as one address
  std::chrono::milliseconds handshake{10'000};  ///< for those of TLS and WebSocket together, to the second
  std::size_t message_bytes = 16 << 20;         ///< of a WebSocket message; beyond: closed with 1009
};

/// Why there is no handler for a connection that somebody tried to make.
enum class Refused {
  kConnections,  ///< too many in all
  kAddress,      ///< too many from one address
  kHandshake,    ///< TLS or WebSocket: not spoken, not allowed, or given up
  kTimeout,      ///< too slow at it
  kHandler,      ///< the factory made none
};

/// Told what happens. From several I/O threads at once.
class ListenerProbe {
 public:
  virtual ~ListenerProbe() = default;
  virtual void accepted(TransportKind kind) = 0;  ///< it got a handler
  virtual void refused(Refused why) = 0;
  virtual void transferred(std::size_t bytes_in, std::size_t bytes_out) = 0;  ///< on the network, as it goes
  virtual void closed(TransportKind kind, CloseCause cause) = 0;  ///< once for each that was accepted
  virtual void failed(std::string_view why) = 0;                  ///< a handler or its factory threw
  virtual void out_of_descriptors() = 0;                          ///< accepting pauses for a moment
};

struct ListenerParts {
  IoThreads& threads;      ///< must outlive the listener, and not be stopped before it
  HandlerFactory factory;  ///< see there: called on all threads
  ListenerProbe& probe;    ///< must outlive the listener
};

/// Accepts connections, spreads them over the I/O threads, and keeps them until they close. Its functions are
/// for any one thread at a time, but not for an I/O thread.
class Listener {
 public:
  /// Listens on all of them or on none; the error says, for people, which address or file failed and why.
  static Result<std::unique_ptr<Listener>, std::string> start(const std::vector<Endpoint>& endpoints,
                                                              const ListenerLimits& limits,
                                                              ListenerParts parts);

  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Closes the doors; connections stay. None is opened after the return.
  void stop_accepting();

  /// That, and closes every connection: each handler has had its closed() when this returns. The factory and
  /// the probe are not used any more.
  void stop();

  /// Reads the certificates' files anew; connections that are open keep what they have. A pair that cannot be
  /// used leaves the earlier one in place, and the error says why. From any thread.
  Result<void, std::string> reload();

  /// Open, or about to be. From any thread.
  std::size_t connections() const;

  /// The port of an endpoint, by its place in start()'s list.
  std::uint16_t port(std::size_t endpoint) const;

 private:
  class Impl;
  explicit Listener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace inboxd::mqtt
