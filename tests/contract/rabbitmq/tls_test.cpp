#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "contract/rabbitmq/fixture.hpp"

namespace inboxd::test {
namespace {

using Kind = BrokerError::Kind;
using testing::HasSubstr;

/// To the node's TLS listener, which wants a certificate of its CA.
rabbitmq::Settings tls_settings(const std::string& host = "localhost") {
  rabbitmq::Settings settings = good_settings();
  settings.addresses = {{host, node().tls_port(), true}};
  settings.tls.ca_file = node().file("ca.pem");
  settings.tls.certificate_file = node().file("client.pem");
  settings.tls.key_file = node().file("client.key");
  return settings;
}

TEST_F(BrokerSessionTest, WorksOverTls) {
  const auto connected = connect(tls_settings());
  ASSERT_TRUE(connected) << connected.error().message;
  BrokerSession& s = **connected;
  const std::string big(300'000, 'z');
  const std::vector<Publication> batch(40, publication(kOutgoing, big));
  EXPECT_TRUE(s.publish(batch));
  std::vector<Delivery> deliveries;
  EXPECT_TRUE(
      poll_until(s, 1'000'000, deliveries, [&] { return deliveries.size() == 40 && s.confirmed() == 40; }));
  for (const Delivery& delivery : deliveries) EXPECT_EQ(delivery.payload, big);
}

TEST_F(BrokerSessionTest, RefusesACertificateForAnotherName) {
  // Another way to write the loopback address, and one that the certificate does not name; likewise the
  // address.
  for (const std::string host : {"127.1", "127.0.0.1"}) {
    const auto refused = connect(tls_settings(host));
    ASSERT_FALSE(refused) << host;
    EXPECT_EQ(refused.error().kind, Kind::kRefused);
    EXPECT_THAT(refused.error().message, HasSubstr("verif"));
  }
}

TEST_F(BrokerSessionTest, RefusesACertificateOfAStranger) {
  rabbitmq::Settings settings = tls_settings();
  settings.tls.ca_file = node().file("stranger.pem");
  const auto refused = connect(settings);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kRefused);
  EXPECT_THAT(refused.error().message, HasSubstr("verif"));
  settings.tls.ca_file.clear();
  EXPECT_EQ(connect(settings).error().kind, Kind::kRefused) << "nor does the system know it";
}

TEST_F(BrokerSessionTest, VerifiesNothingWhereItIsToldSo) {
  rabbitmq::Settings settings = tls_settings("127.0.0.1");
  settings.tls.ca_file.clear();
  settings.tls.verify = false;
  const auto connected = connect(settings);
  EXPECT_TRUE(connected) << connected.error().message;
}

TEST_F(BrokerSessionTest, NamesAFileThatItCannotUse) {
  rabbitmq::Settings settings = tls_settings();
  settings.tls.ca_file = node().file("missing.pem");
  EXPECT_THAT(connect(settings).error().message, HasSubstr("missing.pem"));
  settings = tls_settings();
  settings.tls.key_file = node().file("stranger.key");
  const auto refused = connect(settings);
  EXPECT_EQ(refused.error().kind, Kind::kRefused);
  EXPECT_THAT(refused.error().message, HasSubstr("stranger.key"));
}

TEST_F(BrokerSessionTest, FailsWithoutTheCertificateThatTheBrokerWants) {
  rabbitmq::Settings settings = tls_settings();
  settings.tls.certificate_file.clear();
  EXPECT_FALSE(connect(settings));
}

}  // namespace
}  // namespace inboxd::test
