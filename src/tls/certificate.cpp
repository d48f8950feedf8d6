#include "tls/certificate.hpp"

#include <openssl/ssl.h>

#include <utility>

namespace inboxd::tls {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

Failure<std::string> cannot(const std::string& what, const std::string& file, const error_code& error) {
  return Failure<std::string>("the " + what + " in " + file + " cannot be used: " + error.message());
}

}  // namespace

Result<void, std::string> Certificate::load() {
  auto fresh = std::make_shared<ssl::context>(ssl::context::tls_server);
  error_code error;
  if (SSL_CTX_set_min_proto_version(fresh->native_handle(), TLS1_2_VERSION) != 1) {
    return Failure<std::string>("this OpenSSL has no TLS 1.2");
  }
  // Tickets resume sessions; a cache of them in memory would grow with clients that never return.
  SSL_CTX_set_session_cache_mode(fresh->native_handle(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(fresh->native_handle(), SSL_OP_NO_RENEGOTIATION);
  if (fresh->use_certificate_chain_file(files_.certificate, error)) {
    return cannot("certificate", files_.certificate, error);
  }
  if (fresh->use_private_key_file(files_.key, ssl::context::pem, error)) {
    return cannot("private key", files_.key, error);
  }
  if (SSL_CTX_check_private_key(fresh->native_handle()) != 1) {
    return Failure<std::string>("the private key in " + files_.key +
                                " does not belong to the certificate in " + files_.certificate);
  }
  const std::lock_guard lock(mutex_);
  context_ = std::move(fresh);
  return {};
}

Certificate::Context Certificate::context() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

}  // namespace inboxd::tls
