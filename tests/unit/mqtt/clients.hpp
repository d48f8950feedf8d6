#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "mqtt/transport.hpp"

/// The other ends of a listener's connections, by other hands: Asio, OpenSSL and Beast.
namespace inboxd::mqtt::testing {

inline constexpr std::chrono::seconds kPatience{20};

/// A client of any transport. What takes longer than kPatience throws std::runtime_error, and so does what
/// fails.
class Client {
 public:
  virtual ~Client() = default;
  virtual void send(std::string_view bytes) = 0;
  /// This many bytes, exactly.
  virtual std::string receive(std::size_t size) = 0;
  /// Reads to the end: whether it came in good order (WebSocket's close, TLS's notify, TCP's end).
  virtual bool ended_well() = 0;
  /// Says goodbye as the transport does.
  virtual void close() = 0;
};

std::unique_ptr<Client> connect(TransportKind kind, std::uint16_t port);

/// A TCP socket, for what no proper client does.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void send(std::string_view bytes) const;
  /// At most this much; empty at the end, and where it was reset.
  std::string read_some(std::size_t size = 65'536) const;
  std::string read_to_end() const;

 private:
  int socket_;
};

/// A WebSocket client that may do things wrong.
struct WsOutcome {
  bool upgraded = false;
  unsigned status = 0;      ///< of HTTP
  std::string subprotocol;  ///< as answered
  unsigned close_code = 0;  ///< where the server closed
};
struct WsAttempt {
  std::string path = "/ws";
  std::string subprotocols = "mqtt";  ///< offered; none where empty
  std::string text = {};              ///< sent as a text frame, where there is any
};
WsOutcome attempt(std::uint16_t port, const WsAttempt& attempt);

}  // namespace inboxd::mqtt::testing
