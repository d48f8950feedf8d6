// What a session promises while the broker is well.

#include <gmock/gmock.h>

#include <string>
#include <thread>
#include <vector>

#include "contract/rabbitmq/fixture.hpp"

namespace inboxd::test {
namespace {

TEST_F(BrokerSessionTest, DeliversWhatIsPublishedToTheQueues) {
  const auto s = session();
  Client other = client();
  other.publish(kOutgoing, "hello");
  other.publish(kPersist, "stored");
  const auto deliveries = take(*s, 2);
  const bool in_order = deliveries[0].queue == Queue::kMessages;
  const Delivery& message = deliveries[in_order ? 0 : 1];
  const Delivery& persist = deliveries[in_order ? 1 : 0];
  EXPECT_EQ(message.exchange, "amq.topic");
  EXPECT_EQ(message.routing_key, kOutgoing);
  EXPECT_EQ(message.payload, "hello");
  EXPECT_EQ(message.payload_bytes, 5U);
  EXPECT_FALSE(message.redelivered);
  EXPECT_EQ(message.replay_of, "");
  EXPECT_GT(message.received_at, SteadyClock::now() - std::chrono::seconds(20));
  EXPECT_EQ(persist.queue, Queue::kPersist);
  EXPECT_EQ(persist.routing_key, kPersist);
  EXPECT_LT(deliveries[0].tag, deliveries[1].tag);
}

TEST_F(BrokerSessionTest, TellsTheExchangeAndTheReplayHeader) {
  const auto s = session();
  Client other = client();
  other.bind("messages", "amq.direct", "forged");
  other.publish("forged", "x", "amq.direct");
  other.publish(kOutgoing, "y", "amq.topic", "letter-1");
  const auto deliveries = take(*s, 2);
  EXPECT_EQ(deliveries[0].exchange, "amq.direct");
  EXPECT_EQ(deliveries[1].replay_of, "letter-1");
}

TEST_F(BrokerSessionTest, PublishesInOrderAndConfirms) {
  const auto s = session();
  Client other = client();
  other.declare_queue("inbox", false);
  other.bind("inbox", "amq.topic", kInbox);
  const std::vector<Publication> batch{publication(kInbox, "1"), publication(kInbox, "2"),
                                       publication(kInbox, "")};
  EXPECT_EQ(s->publish(batch).value(), 3U);
  EXPECT_EQ(s->publish(std::vector{publication("nobody.hears.it", "4")}).value(), 4U);
  std::vector<Delivery> none;
  EXPECT_TRUE(poll_until(*s, kMuchRoom, none, [&] { return s->confirmed() == 4; }));
  EXPECT_EQ(other.get("inbox"), "1");
  EXPECT_EQ(other.get("inbox"), "2");
  other.delete_queue("inbox");
}

TEST_F(BrokerSessionTest, ConfirmsThousandsWhileItDelivers) {
  const auto s = session();
  const std::string payload(2000, 'x');
  const std::vector<Publication> batch(5000, publication(kOutgoing, payload));
  EXPECT_EQ(s->publish(batch).value(), 5000U);
  std::vector<Delivery> deliveries;
  std::size_t acked = 0;
  EXPECT_TRUE(poll_until(*s, kMuchRoom, deliveries, [&] {
    if (deliveries.size() > acked) {
      acked = deliveries.size();
      EXPECT_TRUE(s->acknowledge(deliveries.back().tag));
    }
    return s->confirmed() == 5000 && deliveries.size() == 5000 && s->acknowledged() == deliveries.back().tag;
  }));
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    ASSERT_EQ(deliveries[i].tag, i + 1);
    ASSERT_EQ(deliveries[i].payload, payload);
  }
}

TEST_F(BrokerSessionTest, KnowsWhenAnAcknowledgementArrived) {
  Client other = client();
  {
    const auto s = session();
    for (const char* text : {"1", "2", "3"}) other.publish(kOutgoing, text);
    auto deliveries = take(*s, 3);
    EXPECT_EQ(s->acknowledged(), 0U);
    EXPECT_TRUE(s->acknowledge(deliveries[1].tag));
    EXPECT_TRUE(s->acknowledge(deliveries[0].tag)) << "what is acknowledged already may be again";
    EXPECT_TRUE(
        poll_until(*s, kMuchRoom, deliveries, [&] { return s->acknowledged() == deliveries[1].tag; }));
    EXPECT_TRUE(s->acknowledge(deliveries[2].tag));
    EXPECT_TRUE(
        poll_until(*s, kMuchRoom, deliveries, [&] { return s->acknowledged() == deliveries[2].tag; }));
  }
  other.publish(kOutgoing, "4");
  const auto s = session();
  const auto deliveries = take(*s, 1);
  EXPECT_EQ(deliveries[0].payload, "4");
}

TEST_F(BrokerSessionTest, RedeliversWhatWasNotAcknowledged) {
  Client other = client();
  {
    const auto s = session();
    for (const char* text : {"1", "2"}) other.publish(kOutgoing, text);
    auto deliveries = take(*s, 2);
    EXPECT_TRUE(s->acknowledge(deliveries[0].tag));
    EXPECT_TRUE(
        poll_until(*s, kMuchRoom, deliveries, [&] { return s->acknowledged() == deliveries[0].tag; }));
  }
  const auto s = session();
  const auto again = take(*s, 1);
  EXPECT_EQ(again[0].payload, "2");
  EXPECT_TRUE(again[0].redelivered);
}

TEST_F(BrokerSessionTest, TakesOverQueuesWithMessagesInThem) {
  Client other = client();
  other.declare_queue("messages", true);
  other.declare_queue("persist", true);
  other.bind("messages", "amq.topic", "apps.tilechat.outgoing.#");
  for (int i = 0; i < 300; ++i)
    other.publish("apps.tilechat.outgoing.users.a.messages.b.outgoing", std::to_string(i));
  other.publish("persist", "old", "");
  const auto s = session();
  std::vector<std::string> messages;
  for (const Delivery& delivery : take(*s, 301)) {
    if (delivery.queue == Queue::kMessages) messages.push_back(delivery.payload);
  }
  ASSERT_EQ(messages.size(), 300U);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(messages[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_F(BrokerSessionTest, TakesNothingWithoutRoomButGoesOn) {
  const auto s = session();
  Client other = client();
  for (int i = 0; i < 20; ++i) other.publish(kOutgoing, std::string(1000, 'x'));
  EXPECT_TRUE(s->publish(std::vector{publication(kInbox, "1")}));
  std::vector<Delivery> deliveries;
  EXPECT_TRUE(poll_until(*s, 0, deliveries, [&] { return s->confirmed() == 1; }));
  EXPECT_TRUE(deliveries.empty());

  EXPECT_TRUE(poll_until(*s, 1, deliveries, [&] { return !deliveries.empty(); }));
  EXPECT_EQ(deliveries.size(), 1U);
  // What one call takes is bounded: the one that fills the room is the last.
  std::vector<Delivery> more;
  std::size_t before = 0;
  EXPECT_TRUE(poll_until(*s, 2500, more, [&] {
    EXPECT_LE(more.size() - before, 3U);
    before = more.size();
    return more.size() >= 3;
  }));
  EXPECT_TRUE(poll_until(*s, kMuchRoom, more, [&] { return more.size() == 19; }));
}

TEST_F(BrokerSessionTest, CutsAPayloadBeyondTheLimit) {
  rabbitmq::Settings settings = good_settings();
  settings.payload_limit = 1000;
  const auto s = connect(settings).value();
  Client other = client();
  const std::string big(700'000, 'y');
  other.publish(kOutgoing, big);
  other.publish(kOutgoing, "small");
  const auto deliveries = take(*s, 2);
  EXPECT_EQ(deliveries[0].payload, big.substr(0, 1000));
  EXPECT_EQ(deliveries[0].payload_bytes, big.size());
  EXPECT_EQ(deliveries[1].payload, "small");
}

TEST_F(BrokerSessionTest, ReturnsWhenWokenOrWhenTheTimeIsOver) {
  const auto s = session();
  std::vector<Delivery> none;
  const auto start = SteadyClock::now();
  EXPECT_TRUE(s->poll(std::chrono::milliseconds(30), kMuchRoom, none));
  EXPECT_GE(SteadyClock::now() - start, std::chrono::milliseconds(30));

  std::thread waker([&] { s->wake(); });
  EXPECT_TRUE(s->poll(std::chrono::minutes(1), kMuchRoom, none));
  waker.join();
  s->wake();
  EXPECT_TRUE(s->poll(std::chrono::minutes(1), 0, none)) << "the next one returns too";
  EXPECT_LT(SteadyClock::now() - start, std::chrono::seconds(30));
}

TEST_F(BrokerSessionTest, OutlivesItsHeartbeatsWhileItTakesNothing) {
  rabbitmq::Settings settings = good_settings();
  settings.heartbeat = std::chrono::seconds(1);
  const auto s = connect(settings).value();
  client().publish(kOutgoing, "kept");
  std::vector<Delivery> deliveries;
  // The broker gives a silent client up after two to three intervals.
  const auto end = SteadyClock::now() + std::chrono::seconds(5);
  while (SteadyClock::now() < end) ASSERT_TRUE(s->poll(std::chrono::milliseconds(500), 0, deliveries));
  EXPECT_TRUE(deliveries.empty());
  EXPECT_EQ(take(*s, 1)[0].payload, "kept");
}

TEST_F(BrokerSessionTest, OnlyPublishesWhereItIsToldTo) {
  rabbitmq::Settings settings = good_settings();
  settings.consume = false;
  const auto s = connect(settings).value();
  const auto consuming = session();
  EXPECT_TRUE(s->publish(std::vector{publication(kOutgoing, "1")}));
  std::vector<Delivery> none;
  EXPECT_TRUE(poll_until(*s, kMuchRoom, none, [&] { return s->confirmed() == 1; }));
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(take(*consuming, 1)[0].payload, "1");
}

TEST_F(BrokerSessionTest, SaysWhenItsCredentialsEnd) {
  EXPECT_FALSE(session()->renew_at());
  const auto when = SteadyClock::now() + std::chrono::hours(1);
  rabbitmq::Settings settings = good_settings();
  settings.credentials = [when] { return rabbitmq::Credentials{kUser, kPassword, when}; };
  EXPECT_EQ(connect(settings).value()->renew_at(), when);
}

}  // namespace
}  // namespace inboxd::test
