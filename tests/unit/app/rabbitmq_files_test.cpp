#include "app/rabbitmq_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace inboxd::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

BrokerFiles sample() {
  BrokerFiles files;
  files.jwt_secret = "key\"1";
  files.password = "random";
  files.max_message_bytes = 16777216;
  return files;
}

TEST(RabbitMqFiles, BinariesHoldAnyBytes) {
  EXPECT_EQ(erlang_binary("abc-/_.9"), "<<\"abc-/_.9\">>");
  EXPECT_EQ(erlang_binary("a\"\\"), "<<97,34,92>>");
  EXPECT_EQ(erlang_binary(std::string_view("\0\xff", 2)), "<<0,255>>");
  EXPECT_EQ(erlang_binary("é"), "<<195,169>>");
}

TEST(RabbitMqFiles, ListenersStayOnTheAddressGiven) {
  EXPECT_THAT(rabbitmq_conf(sample()), HasSubstr("listeners.tcp.1 = 127.0.0.1:5672\n"));
  BrokerFiles files = sample();
  files.bind = "::1";
  files.mqtt_port = 2883;
  const std::string conf = rabbitmq_conf(files);
  EXPECT_THAT(conf, HasSubstr("mqtt.listeners.tcp.1 = [::1]:2883\n"));
  EXPECT_THAT(conf, HasSubstr("web_mqtt.tcp.ip = ::1\n"));
  EXPECT_THAT(conf, HasSubstr("mqtt.allow_anonymous = false"));
}

TEST(RabbitMqFiles, SecretsStandInTheAdvancedFileAlone) {
  BrokerFiles files = sample();
  files.user = "engine";
  files.password = "p w";
  files.vhost = "chat";
  const std::string advanced = advanced_config(files);
  EXPECT_THAT(advanced, HasSubstr("<<\"value\">> => <<107,101,121,34,49>>"));
  EXPECT_THAT(advanced, HasSubstr("{default_user, <<\"engine\">>}"));
  EXPECT_THAT(advanced, HasSubstr("{default_pass, <<112,32,119>>}"));
  EXPECT_THAT(advanced, HasSubstr("{rabbitmq_mqtt, [{vhost, <<\"chat\">>}]}"));
  EXPECT_THAT(advanced, HasSubstr("{default_vhost, <<\"chat\">>}"));
  EXPECT_THAT(rabbitmq_conf(files), Not(HasSubstr("p w")));
}

TEST(RabbitMqFiles, WithoutAUserNobodyCanDoAnything) {
  const std::string advanced = advanced_config(sample());
  EXPECT_THAT(advanced, HasSubstr("{default_permissions, [<<\"^$\">>, <<\"^$\">>, <<\"^$\">>]}"));
  EXPECT_THAT(advanced, Not(HasSubstr("guest\"")));
}

TEST(RabbitMqFiles, WithoutASecretTheBrokerTakesNoTokens) {
  BrokerFiles files = sample();
  files.jwt_secret.clear();
  const std::string advanced = advanced_config(files);
  EXPECT_THAT(advanced, Not(HasSubstr("oauth2")));
  EXPECT_THAT(advanced, HasSubstr("{auth_backends, [rabbit_auth_backend_internal]}"));
}

}  // namespace
}  // namespace inboxd::app
