// What a session promises when the broker will not have it, or goes.

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "contract/rabbitmq/fixture.hpp"

namespace inboxd::test {
namespace {

using Kind = BrokerError::Kind;
using testing::HasSubstr;
using testing::Not;

TEST_F(BrokerSessionTest, StandsByWhileAnotherConsumes) {
  auto first = session();
  const auto second = connect();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, Kind::kStandby);
  EXPECT_THAT(second.error().message, HasSubstr("another consumer"));
  first.reset();
  const auto third = connect();
  EXPECT_TRUE(third) << third.error().message;
}

TEST_F(BrokerSessionTest, StandsByForAConsumerThatIsNotExclusive) {
  Client other = client();
  other.declare_queue("messages", true);
  other.consume("messages");
  const auto refused = connect();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kStandby);
}

TEST_F(BrokerSessionTest, RefusesQueuesDeclaredOtherwise) {
  Client other = client();
  other.declare_queue("persist", false);
  const auto refused = connect();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kRefused);
  EXPECT_THAT(refused.error().message, HasSubstr("PRECONDITION_FAILED"));
  EXPECT_THAT(refused.error().message, HasSubstr("persist"));
}

TEST_F(BrokerSessionTest, IsRefusedWithWrongCredentials) {
  rabbitmq::Settings settings = good_settings();
  settings.credentials = [] { return rabbitmq::Credentials{kUser, "s3cret", {}}; };
  const auto refused = connect(settings);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kRefused);
  EXPECT_THAT(refused.error().message, HasSubstr("ACCESS_REFUSED"));
  EXPECT_THAT(refused.error().message, Not(HasSubstr("s3cret")));
}

TEST_F(BrokerSessionTest, IsRefusedAVirtualHostThatIsNotThere) {
  rabbitmq::Settings settings = good_settings();
  settings.vhost = "nowhere";
  const auto refused = connect(settings);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kRefused);
  EXPECT_THAT(refused.error().message, HasSubstr("nowhere"));
}

TEST_F(BrokerSessionTest, SaysThatNobodyAnswers) {
  rabbitmq::Settings settings = good_settings();
  const std::uint16_t silent = free_ports(1)[0];
  settings.addresses = {{"127.0.0.1", silent}, {"no-such-host.invalid", 5672}};
  const auto unreachable = connect(settings);
  ASSERT_FALSE(unreachable);
  EXPECT_EQ(unreachable.error().kind, Kind::kUnreachable);
  EXPECT_THAT(unreachable.error().message, HasSubstr(std::to_string(silent)));
  EXPECT_THAT(unreachable.error().message, HasSubstr("no-such-host.invalid"));
}

TEST_F(BrokerSessionTest, TriesEachAddress) {
  rabbitmq::Settings settings = good_settings();
  settings.addresses.insert(settings.addresses.begin(), {"127.0.0.1", free_ports(1)[0]});
  const auto connected = connect(settings);
  EXPECT_TRUE(connected) << connected.error().message;
}

TEST_F(BrokerSessionTest, IsLostWhenItsQueueIsDeleted) {
  const auto s = session();
  client().delete_queue("messages");
  const auto lost = poll_until_lost(*s);
  ASSERT_TRUE(lost);
  EXPECT_EQ(lost->kind, Kind::kLost);
  EXPECT_THAT(lost->message, HasSubstr("messages"));
  EXPECT_FALSE(s->publish(std::vector{publication(kInbox, "late")})) << "after an error every call fails";
  EXPECT_FALSE(s->acknowledge(1));
}

TEST_F(BrokerSessionTest, OutlastsARestartOfTheBroker) {
  auto s = session();
  client().publish(kOutgoing, "kept");
  EXPECT_EQ(take(*s, 1)[0].redelivered, false);
  node().stop();
  const auto lost = poll_until_lost(*s);
  ASSERT_TRUE(lost);
  EXPECT_EQ(lost->kind, Kind::kLost);
  EXPECT_THAT(lost->message, HasSubstr("CONNECTION_FORCED"));
  const auto down = connect();
  ASSERT_FALSE(down);
  EXPECT_EQ(down.error().kind, Kind::kUnreachable);

  node().start();
  s = session();
  EXPECT_EQ(take(*s, 1)[0].payload, "kept");
}

TEST_F(BrokerSessionTest, IsLostWhenTheBrokerIsKilledWhileItTakesNothing) {
  const auto s = session();
  node().kill();
  const auto lost = poll_until_lost(*s, 0);
  node().start();
  ASSERT_TRUE(lost);
  EXPECT_EQ(lost->kind, Kind::kLost);
}

TEST_F(BrokerSessionTest, KnowsThatTheBrokerBlocksPublishers) {
  const auto s = session();
  EXPECT_FALSE(s->blocked());
  node().ctl({"set_vm_memory_high_watermark", "0.0000001"});
  // More than the sockets of both sides hold: no call may wait for the broker to read it.
  const std::vector<Publication> batch(400, publication(kOutgoing, std::string(100'000, 'x')));
  EXPECT_TRUE(s->publish(batch));
  std::vector<Delivery> deliveries;
  EXPECT_TRUE(poll_until(*s, kMuchRoom, deliveries, [&] { return s->blocked(); }));
  EXPECT_LT(s->confirmed(), 400U);
  EXPECT_EQ(s->publish(std::vector{publication(kInbox, "last")}).value(), 401U);

  node().ctl({"set_vm_memory_high_watermark", "0.4"});
  EXPECT_TRUE(poll_until(*s, kMuchRoom, deliveries, [&] { return !s->blocked(); }));
  EXPECT_TRUE(poll_until(*s, kMuchRoom, deliveries, [&] { return s->confirmed() == 401; }));
  EXPECT_TRUE(poll_until(*s, kMuchRoom, deliveries, [&] { return deliveries.size() == 400; }));
}

}  // namespace
}  // namespace inboxd::test
