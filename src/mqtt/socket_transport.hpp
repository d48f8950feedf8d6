#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mqtt/admission.hpp"
#include "mqtt/layer.hpp"
#include "mqtt/thread_connections.hpp"
#include "mqtt/transport.hpp"

namespace inboxd::mqtt {

/// A connection over a socket, with or without a layer between the two. It reads when there is something to
/// read, into its thread's buffer, once in a turn; and writes at the end of a turn, all that the turn has
/// brought. It has a buffer only while there is something in it.
///
/// Kept alive by the connections of its thread until closed(), and by what waits for its socket.
class SocketTransport final : public Transport, public std::enable_shared_from_this<SocketTransport> {
 public:
  using Time = ConnectionHandler::Time;
  /// Not type-erased, as tcp::socket is: there are many.
  using Socket =
      boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  struct Origin {
    TransportKind kind = TransportKind::kTcp;
    std::size_t endpoint = 0;
    boost::asio::ip::tcp::endpoint peer = {};
    std::unique_ptr<Admission::Seat> seat = {};
  };

  /// The socket must not block.
  SocketTransport(Socket socket, std::unique_ptr<Layer> layer, Origin origin,
                  std::shared_ptr<ThreadConnections> others);

  /// These four are its thread's, each in a turn of its own. None throws what a handler throws.
  void start();
  void write();
  void tick(Time now);
  void drop();

  void send(std::string_view bytes) override { outbox().append(bytes); }
  std::string& outbox() override;
  void push() override;
  std::size_t unsent() const override { return plain_.size() + wire_.size() - taken_; }
  void pause() override { paused_ = true; }
  void resume() override;
  void close() override { end(CloseCause::kHandler); }
  void close_after_flush(std::chrono::milliseconds deadline) override;
  TransportKind kind() const override { return origin_.kind; }
  std::string peer_address() const override;
  std::uint16_t peer_port() const override { return origin_.peer.port(); }
  std::size_t thread() const override { return others_->index(); }
  std::size_t endpoint() const override { return origin_.endpoint; }
  std::uint64_t bytes_in() const override { return bytes_in_; }
  std::uint64_t bytes_out() const override { return bytes_out_; }

 private:
  enum class Stage {
    kHandshake,
    kOpen,
    kFlushing,   ///< writes what is left, reads nothing
    kLingering,  ///< waits for the peer's end: closing over bytes unread would reset what was just sent
    kEnded,
  };

  void open();
  template <class Call>
  void call(Call call);

  bool may_read() const;
  void wait_readable();
  void readable();
  void take(std::span<char> bytes);
  void settle_layer();

  void seal();
  void cut();
  void wait_writable();
  void writable();
  bool give_to_kernel();
  void written();

  void say_goodbye(CloseCause cause, std::chrono::milliseconds deadline);
  void linger();
  void refuse(Refused why);
  void lost(const boost::system::error_code& error);
  void end(CloseCause cause);
  void leave();

  Socket socket_;
  std::unique_ptr<Layer> layer_;  ///< null: the handler's bytes are the socket's
  std::unique_ptr<ConnectionHandler> handler_;
  Origin origin_;
  std::shared_ptr<ThreadConnections> others_;
  std::optional<ThreadConnections::Place> place_;
  std::string plain_;        ///< to go through the layer at the end of the turn
  std::string wire_;         ///< for the socket
  std::size_t taken_ = 0;    ///< of wire_, by the kernel
  std::size_t replies_ = 0;  ///< in wire_, that the layer owed and nobody's policy bounds
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  Time deadline_;  ///< but for kOpen
  Stage stage_ = Stage::kHandshake;
  CloseCause cause_ = CloseCause::kPeer;
  Refused refused_ = Refused::kHandshake;
  bool paused_ = false;
  bool waits_to_read_ = false;
  bool waits_to_write_ = false;
  bool will_write_ = false;  ///< it is in the list of the turn's end
};

}  // namespace inboxd::mqtt
