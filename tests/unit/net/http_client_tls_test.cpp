#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "net/http_client.hpp"

namespace inboxd::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

template <class T, auto Free>
using Owned = std::unique_ptr<T, decltype([](T* one) { Free(one); })>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Certificate = Owned<X509, X509_free>;

template <class Write>
std::string pem(Write write) {
  const Owned<BIO, BIO_free_all> bio(BIO_new(BIO_s_mem()));
  write(bio.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

/// A certificate that vouches for itself and is made out to `names`.
Certificate self_signed(EVP_PKEY* key, const std::string& names) {
  Certificate certificate(X509_new());
  X509* const x = certificate.get();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
  X509_gmtime_adj(X509_getm_notBefore(x), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x), 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(x, X509_get_subject_name(x));
  X509_set_pubkey(x, key);
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str()));
  X509_add_ext(x, extension.get(), -1);
  X509_sign(x, key, EVP_sha256());
  return certificate;
}

/// An HTTPS server on loopback, with a certificate for `names`; answers 200 to everything.
class TlsEndpoint {
 public:
  explicit TlsEndpoint(const std::string& names) : key_(EVP_EC_gen("P-256")) {
    const Certificate certificate = self_signed(key_.get(), names);
    certificate_ = pem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate.get()); });
    const std::string key = pem(
        [&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    context_.use_certificate_chain(asio::buffer(certificate_));
    context_.use_private_key(asio::buffer(key), asio::ssl::context::pem);
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsEndpoint() {
    ending_ = true;
    boost::system::error_code ignored;
    tcp::socket last(io_);
    last.connect(acceptor_.local_endpoint(), ignored);
    last.close(ignored);
    thread_.join();
  }
  TlsEndpoint(const TlsEndpoint&) = delete;
  TlsEndpoint& operator=(const TlsEndpoint&) = delete;

  std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }
  const std::string& certificate() const { return certificate_; }

 private:
  void serve() {
    while (!ending_) {
      boost::system::error_code error;
      asio::ssl::stream<tcp::socket> stream(io_, context_);
      acceptor_.accept(stream.next_layer(), error);
      if (!error) stream.handshake(asio::ssl::stream_base::server, error);
      boost::beast::flat_buffer buffer;
      while (!error) {
        boost::beast::http::request<boost::beast::http::string_body> request;
        boost::beast::http::read(stream, buffer, request, error);
        const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        if (!error) asio::write(stream, asio::buffer(answer), error);
      }
    }
  }

  Key key_;
  std::string certificate_;
  asio::io_context io_;
  asio::ssl::context context_{asio::ssl::context::tls_server};
  tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

Result<Answer, Failed> get(const std::string& url, bool verify) {
  asio::io_context io;
  HttpClient client(io.get_executor(), {.verify = verify});
  std::optional<Result<Answer, Failed>> outcome;
  client.send({.url = parse_url(url).value()}, std::chrono::seconds(10),
              [&outcome](Result<Answer, Failed> result) { outcome = std::move(result); });
  while (!outcome && io.run_one_for(std::chrono::seconds(15)) > 0) {
  }
  return outcome.value();
}

/// Makes the system trust this certificate, while it lives.
class Trust {
 public:
  explicit Trust(const std::string& certificate)
      : file_(::testing::TempDir() + "inboxd-net-test-" + std::to_string(::getpid()) + ".pem") {
    std::ofstream(file_) << certificate;
    ::setenv("SSL_CERT_FILE", file_.c_str(), 1);
  }
  ~Trust() {
    ::unsetenv("SSL_CERT_FILE");
    (void)std::remove(file_.c_str());
  }
  Trust(const Trust&) = delete;
  Trust& operator=(const Trust&) = delete;

 private:
  std::string file_;
};

void expect_not_sent(const Result<Answer, Failed>& outcome) {
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, Failed::Kind::kNotSent);
  EXPECT_TRUE(outcome.error().why.starts_with("TLS: ")) << outcome.error().why;
}

TEST(HttpClientTlsTest, ACertificateThatNobodyTrustsIsRefused) {
  TlsEndpoint server("DNS:localhost,IP:127.0.0.1");
  expect_not_sent(get("https://localhost:" + server.port() + "/", true));
  const auto unchecked = get("https://localhost:" + server.port() + "/", false);
  ASSERT_TRUE(unchecked) << unchecked.error().why;
  EXPECT_EQ(unchecked->body, "ok");
}

TEST(HttpClientTlsTest, ATrustedOneMustBeMadeOutToTheHost) {
  {
    TlsEndpoint server("DNS:localhost,IP:127.0.0.1");
    const Trust trust(server.certificate());
    for (const char* const host : {"localhost", "127.0.0.1"}) {
      const auto answer = get("https://" + std::string(host) + ":" + server.port() + "/", true);
      ASSERT_TRUE(answer) << host << ": " << answer.error().why;
      EXPECT_EQ(answer->status, 200U);
    }
  }
  TlsEndpoint other("DNS:example.org");
  const Trust trust(other.certificate());
  expect_not_sent(get("https://localhost:" + other.port() + "/", true));
  expect_not_sent(get("https://127.0.0.1:" + other.port() + "/", true));
}

}  // namespace
}  // namespace inboxd::net
