#include "rabbitmq/tls.hpp"

#include <amqp_ssl_socket.h>
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <new>
#include <string>

namespace inboxd::rabbitmq {
namespace {

Failure<BrokerError> refused(std::string message) {
  return Failure<BrokerError>(BrokerError{BrokerError::Kind::kRefused, std::move(message)});
}

bool is_ip_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> binary{};
  return ::inet_pton(AF_INET, host.c_str(), binary.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), binary.data()) == 1;
}

/// The C library compares names only; an address is OpenSSL's to compare, whose verdict it then asks for.
bool verify_address(SSL_CTX* context, const std::string& host) {
  return X509_VERIFY_PARAM_set1_ip_asc(SSL_CTX_get0_param(context), host.c_str()) == 1;
}

}  // namespace

Result<amqp_socket_t*, BrokerError> new_tls_socket(amqp_connection_state_t connection, const Address& address,
                                                   const Tls& tls) {
  amqp_socket_t* socket = amqp_ssl_socket_new(connection);
  if (socket == nullptr) throw std::bad_alloc();
  auto* context = static_cast<SSL_CTX*>(amqp_ssl_socket_get_context(socket));
  amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST);

  const bool literal = is_ip_address(address.host);
  amqp_ssl_socket_set_verify_peer(socket, tls.verify ? 1 : 0);
  amqp_ssl_socket_set_verify_hostname(socket, tls.verify && !literal ? 1 : 0);
  if (tls.verify && literal && !verify_address(context, address.host)) throw std::bad_alloc();

  if (tls.ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1)
      return refused("the system's certificate store cannot be read");
  } else if (amqp_ssl_socket_set_cacert(socket, tls.ca_file.c_str()) != AMQP_STATUS_OK) {
    return refused("the CA file " + tls.ca_file + " cannot be read or holds no certificate");
  }
  if (!tls.certificate_file.empty() &&
      amqp_ssl_socket_set_key(socket, tls.certificate_file.c_str(), tls.key_file.c_str()) != AMQP_STATUS_OK) {
    return refused("the certificate " + tls.certificate_file + " with the key " + tls.key_file +
                   " cannot be used");
  }
  return socket;
}

}  // namespace inboxd::rabbitmq
