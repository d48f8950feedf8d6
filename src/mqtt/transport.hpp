#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace inboxd::mqtt {

enum class TransportKind { kTcp, kTls, kWs, kWss };

/// Why a connection has ended.
enum class CloseCause {
  kPeer,          ///< the peer closed it in good order
  kBroken,        ///< reset, or gone
  kViolation,     ///< the peer broke the rules of TLS or WebSocket
  kHandler,       ///< close()
  kFlushed,       ///< close_after_flush(), and everything was sent
  kFlushTimeout,  ///< close_after_flush(), and its deadline came before all was sent
  kStopped,       ///< the listener was stopped
  kFailed,        ///< the handler threw
};

/// The bytes of one connection, whatever they travel in. For its I/O thread alone; valid for its handler from
/// opened() until closed() returns. Everything here may be called from within any call to the handler, and
/// none of it calls the handler back.
class Transport {
 public:
  virtual ~Transport() = default;

  /// Queues bytes. What is queued in one turn of the thread leaves in one write at the turn's end, without
  /// a wait where the kernel has room. There is no bound but the handler's: it must look at unsent(), and
  /// pause(), drop or close. Ignored once the connection is closing.
  virtual void send(std::string_view bytes) = 0;

  /// The same without a copy: append to it what is to be sent, remove nothing. The reference is good until
  /// the call to the handler, or the posted task, returns.
  virtual std::string& outbox() = 0;

  /// Gives the kernel what it takes of the queue now, not at the turn's end: before unsent() is taken as a
  /// measure of the peer.
  virtual void push() = 0;

  /// Bytes that are queued and that the kernel has not taken.
  virtual std::size_t unsent() const = 0;

  /// Stops reading, so that the peer is held back. What was already read is still delivered: up to 64 KiB, in
  /// the call that is under way. While paused the peer's end is seen only where a write fails.
  virtual void pause() = 0;
  virtual void resume() = 0;

  /// Drops what is queued and closes at once. closed() follows in a later turn, and nothing else does.
  virtual void close() = 0;

  /// Sends what is queued, says goodbye as the transport does (WebSocket's close, TLS's notify, TCP's end),
  /// and waits for the peer to do the same, all of it until the deadline (which is looked at each second).
  /// Nothing is received from now on; closed() follows.
  virtual void close_after_flush(std::chrono::milliseconds deadline) = 0;

  virtual TransportKind kind() const = 0;
  virtual std::string peer_address() const = 0;  ///< without the port
  virtual std::uint16_t peer_port() const = 0;
  virtual std::size_t thread() const = 0;    ///< which of IoThreads it belongs to
  virtual std::size_t endpoint() const = 0;  ///< by its place in the listener's list

  /// On the wire, with what TLS and WebSocket add.
  virtual std::uint64_t bytes_in() const = 0;
  virtual std::uint64_t bytes_out() const = 0;
};

/// What a connection is for. Made when the connection is ready, after the handshakes of TLS and WebSocket;
/// called on the connection's I/O thread alone; destroyed there right after closed(). What it throws closes
/// the connection.
class ConnectionHandler {
 public:
  using Time = std::chrono::steady_clock::time_point;

  virtual ~ConnectionHandler() = default;

  /// The first call.
  virtual void opened(Transport& transport) = 0;

  /// The bytes are the caller's, and good during the call.
  virtual void received(std::string_view bytes) = 0;

  /// All that was queued has been taken by the kernel: once for each time that it was, and so after every
  /// send sooner or later. Whoever holds something back because of unsent() goes on here.
  virtual void drained() {}

  /// About once a second, for deadlines.
  virtual void tick(Time) {}

  /// The last call, exactly once where there was an opened(); never from within a call to the transport.
  virtual void closed(CloseCause cause) = 0;
};

/// Called on the I/O thread of the connection that it is for, of which there may be several: it must be safe
/// to call from all of them at once. Null, or an exception, refuses the connection.
using HandlerFactory = std::function<std::unique_ptr<ConnectionHandler>(const Transport& transport)>;

}  // namespace inboxd::mqtt
