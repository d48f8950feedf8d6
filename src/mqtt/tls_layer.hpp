#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "mqtt/layer.hpp"
#include "tls/certificate.hpp"

namespace inboxd::mqtt {

/// The server's side of TLS. OpenSSL directly, because Asio's stream keeps 34 KiB of buffers for each
/// connection while it is idle; this one keeps none.
class TlsLayer final : public Layer {
 public:
  /// More than what one decode() can bring forth: its input, and what was left of a record before.
  static constexpr std::size_t scratch_bytes(std::size_t input) { return input + 2 * kRecordBytes; }

  /// `scratch` is where decode() puts its bytes; layers of one thread share it, and it must outlive them.
  /// Throws std::bad_alloc.
  TlsLayer(tls::Certificate::Context context, std::span<char> scratch);
  ~TlsLayer() override = default;
  TlsLayer(const TlsLayer&) = delete;
  TlsLayer& operator=(const TlsLayer&) = delete;

  std::span<char> decode(std::span<char> input, std::string& reply) override;
  void encode(std::string_view bytes, std::string& output) override;
  void finish(std::string& output) override;
  State state() const override { return state_; }

  /// What OpenSSL reads from and writes to, during a call.
  struct Wire {
    std::string_view input;
    std::string* output = nullptr;
  };

 private:
  static constexpr std::size_t kRecordBytes = 16 * 1024 + 256;

  struct Free {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  };

  void note(int result);

  tls::Certificate::Context context_;  ///< what the connection was made with
  std::span<char> scratch_;
  Wire wire_;  // OpenSSL holds its address
  std::unique_ptr<SSL, Free> ssl_;
  State state_ = State::kOpening;
};

}  // namespace inboxd::mqtt
