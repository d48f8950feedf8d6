#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "http/server.hpp"
#include "unit/auth/keys.hpp"

namespace inboxd::http {
namespace {

using auth::testing::KeyPair;
using ::testing::HasSubstr;

struct Free {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(SSL* p) const { SSL_free(p); }
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

std::string certificate_for(const std::string& name, const KeyPair& key) {
  const Owned<X509> certificate(X509_new());
  constexpr long kDay = 86'400;
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kDay);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL takes text as unsigned char
  const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, text, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  const Owned<BIO> memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(memory.get(), certificate.get());
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

/// What a client of at most this version of TLS sees.
struct Seen {
  std::string subject;  ///< empty where the handshake failed
  std::string answer;
};

Seen look(std::uint16_t port, int max_version = TLS1_3_VERSION) {
  const Owned<SSL_CTX> context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), max_version);
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const timeval deadline{10, 0};
  (void)::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  (void)::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  Seen seen;
  const Owned<SSL> ssl(SSL_new(context.get()));
  SSL_set_fd(ssl.get(), socket);
  if (SSL_connect(ssl.get()) == 1) {
    const Owned<X509> shown(SSL_get1_peer_certificate(ssl.get()));
    char name[64] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, name, sizeof name);
    seen.subject = name;
    const std::string request = "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    SSL_write(ssl.get(), request.data(), static_cast<int>(request.size()));
    char bytes[1024];
    for (int n = 0; (n = SSL_read(ssl.get(), bytes, sizeof bytes)) > 0;) {
      seen.answer.append(bytes, static_cast<std::size_t>(n));
    }
  }
  ::close(socket);
  return seen;
}

class TlsServer : public ::testing::Test {
 protected:
  TlsServer() {
    std::string pattern = (std::filesystem::temp_directory_path() / "inboxd-tls-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    files_ = {(directory_ / "cert.pem").string(), (directory_ / "key.pem").string()};
    router_.add(Method::kGet, "/hello", [](const Request&) {
      return Response{200, "text/plain", "<hello>"};
    });
  }
  ~TlsServer() override { std::filesystem::remove_all(directory_); }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  static void write(const std::string& file, const std::string& text) { std::ofstream(file) << text; }
  void write_pair(const std::string& name) const {
    const KeyPair key = auth::testing::make_ec("P-256");
    write(files_.certificate, certificate_for(name, key));
    write(files_.key, auth::testing::private_pem(key));
  }
  Result<std::unique_ptr<Server>, std::string> start() {
    return Server::start({{"127.0.0.1", 0, &router_, files_}, {"127.0.0.1", 0, &router_}}, {});
  }

  std::filesystem::path directory_;
  TlsFiles files_;
  Router router_;
};

TEST_F(TlsServer, ServesAndReloads) {
  write_pair("one");
  const auto server = start();
  ASSERT_TRUE(server) << server.error();
  const Seen seen = look((*server)->port(0));
  EXPECT_EQ(seen.subject, "one");
  EXPECT_THAT(seen.answer, HasSubstr("<hello>"));
  write_pair("two");
  EXPECT_EQ(look((*server)->port(0)).subject, "one");
  EXPECT_TRUE((*server)->reload());
  EXPECT_EQ(look((*server)->port(0)).subject, "two");
}

TEST_F(TlsServer, KeepsTheOldPairWhereTheNewOneIsBad) {
  write_pair("one");
  const auto server = start();
  ASSERT_TRUE(server) << server.error();
  write(files_.key, auth::testing::private_pem(auth::testing::make_ec("P-256")));
  auto reloaded = (*server)->reload();
  ASSERT_FALSE(reloaded);
  EXPECT_THAT(reloaded.error(), HasSubstr("key.pem"));
  write(files_.certificate, "nonsense");
  reloaded = (*server)->reload();
  ASSERT_FALSE(reloaded);
  EXPECT_THAT(reloaded.error(), HasSubstr("cert.pem"));
  EXPECT_EQ(look((*server)->port(0)).subject, "one");
}

TEST_F(TlsServer, RefusesOldVersionsAndPlainText) {
  write_pair("one");
  const auto server = start();
  ASSERT_TRUE(server) << server.error();
  EXPECT_EQ(look((*server)->port(0), TLS1_1_VERSION).subject, "");
  EXPECT_EQ(look((*server)->port(0), TLS1_2_VERSION).subject, "one");
  EXPECT_EQ(look((*server)->port(1)).subject, "");
}

TEST_F(TlsServer, DoesNotStartWithoutAGoodPair) {
  const auto server = start();
  ASSERT_FALSE(server);
  EXPECT_THAT(server.error(), HasSubstr("cert.pem"));
}

}  // namespace
}  // namespace inboxd::http
