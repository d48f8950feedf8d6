#include "mqtt/transport.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <numeric>
#include <stdexcept>

#include "unit/mqtt/clients.hpp"
#include "unit/mqtt/listening.hpp"

namespace inboxd::mqtt {
namespace {

using namespace std::chrono_literals;
using testing::connect;
using ::testing::ElementsAre;
using testing::Happened;

constexpr std::size_t kMegabyte = 1024 * 1024;

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  std::iota(bytes.begin(), bytes.end(), '\0');
  return bytes;
}

bool one_open(const Happened& so_far) { return so_far.opened == 1; }

/// What must hold for every transport.
class TransportTest : public testing::Listening, public ::testing::WithParamInterface<TransportKind> {
 protected:
  std::unique_ptr<testing::Client> begin() {
    start(GetParam());
    return connect(GetParam(), port());
  }
  void expect_closed(CloseCause cause) {
    ASSERT_TRUE(wait_closed(1));
    EXPECT_THAT(journal.now().closed, ElementsAre(cause));
  }

  // Of behaviours, which may run until the listener ends.
  std::atomic<Transport*> transport_ = nullptr;
  std::string bytes_;
  std::atomic<int> left_ = 1'000;
};

TEST_P(TransportTest, Echoes) {
  const auto client = begin();
  for (const std::size_t size : {1U, 125U, 126U, 65'535U, 65'536U, 300'000U}) {
    const std::string bytes = pattern(size);
    client->send(bytes);
    EXPECT_EQ(client->receive(size), bytes);
  }
}

TEST_P(TransportTest, SeesThePeersEnd) {
  const auto client = begin();
  client->send("x");
  client->receive(1);
  client->close();
  expect_closed(CloseCause::kPeer);
}

TEST_P(TransportTest, SendsAllBeforeItCloses) {
  bytes_ = pattern(4 * kMegabyte);
  behaviour.received = [this](Transport& transport, std::string_view) {
    transport.send(bytes_);
    transport.close_after_flush(10s);
    transport.send("too late");
    transport.outbox() += "too late";
  };
  auto client = begin();
  client->send("x");
  EXPECT_EQ(client->receive(bytes_.size()), bytes_);
  EXPECT_TRUE(client->ended_well());
  client.reset();
  expect_closed(CloseCause::kFlushed);
}

TEST_P(TransportTest, DoesNotFlushForever) {
  behaviour.received = [](Transport& transport, std::string_view) {
    transport.send(std::string(64 * kMegabyte, 'x'));
    transport.close_after_flush(1ms);
  };
  const auto client = begin();
  client->send("x");
  expect_closed(CloseCause::kFlushTimeout);
}

TEST_P(TransportTest, DropsAtOnce) {
  behaviour.received = [](Transport& transport, std::string_view) {
    transport.send("never sent");
    transport.close();
    transport.close();
    transport.close_after_flush(10s);
    transport.send("nor this");
  };
  const auto client = begin();
  client->send("x");
  EXPECT_THROW(client->receive(1), std::runtime_error);
  expect_closed(CloseCause::kHandler);
}

TEST_P(TransportTest, MayCloseAsItOpens) {
  behaviour.opened = [](Transport& transport) { transport.close(); };
  try {
    begin();
  } catch (const std::runtime_error&) {
    // The upgrade's answer was dropped with the rest.
  }
  expect_closed(CloseCause::kHandler);
}

TEST_P(TransportTest, EndsWithItsListener) {
  const auto client = begin();
  ASSERT_TRUE(wait(one_open));
  listener->stop();
  EXPECT_THAT(journal.now().closed, ElementsAre(CloseCause::kStopped));
  EXPECT_EQ(journal.now().destroyed, 1U);
  EXPECT_THROW(client->receive(1), std::runtime_error);
}

TEST_P(TransportTest, ClosesWhereItsHandlerThrows) {
  behaviour.received = [](Transport&, std::string_view) { throw std::runtime_error("a bug"); };
  const auto client = begin();
  client->send("x");
  expect_closed(CloseCause::kFailed);
  EXPECT_EQ(journal.now().failed, 1U);
}

TEST_P(TransportTest, KeepsWhatASlowReaderHasNotTaken) {
  bytes_ = pattern(16 * kMegabyte);
  behaviour.opened = [this](Transport& transport) {
    transport.send(bytes_);
    EXPECT_GE(transport.unsent(), bytes_.size());
  };
  behaviour.received = [](Transport&, std::string_view) {};
  const auto client = begin();
  ASSERT_TRUE(wait([](const Happened& so_far) { return so_far.unsent > kMegabyte; }));
  EXPECT_EQ(journal.now().drained, 0U);
  EXPECT_EQ(client->receive(bytes_.size()), bytes_);
  EXPECT_TRUE(wait([](const Happened& so_far) { return so_far.drained == 1 && so_far.unsent == 0; }));
}

TEST_P(TransportTest, HoldsAPeerBack) {
  behaviour.received = [this](Transport& transport, std::string_view) {
    if (transport_.exchange(&transport) == nullptr) transport.pause();
  };
  const auto client = begin();
  constexpr std::size_t kSent = 16 * kMegabyte;
  auto sent = std::async(std::launch::async, [&client] { client->send(std::string(kSent, 'x')); });
  ASSERT_TRUE(wait([](const Happened& so_far) { return so_far.received > 0; }));
  const std::size_t ticks = journal.now().ticks;
  ASSERT_TRUE(wait([ticks](const Happened& so_far) { return so_far.ticks > ticks + 1; }));
  EXPECT_LE(journal.now().received, 96U * 1024);
  threads->post(transport_.load()->thread(), [this] { transport_.load()->resume(); });
  EXPECT_TRUE(wait([](const Happened& so_far) { return so_far.received == kSent; }));
  sent.get();
}

TEST_P(TransportTest, WritesATurnsBytesTogether) {
  behaviour.opened = [this](Transport& transport) { transport_ = &transport; };
  const auto client = begin();
  ASSERT_TRUE(wait([](const Happened& so_far) { return so_far.opened == 1 && so_far.ticks > 0; }));
  std::size_t before = 0;  // of the handshakes
  threads->run(transport_.load()->thread(), [this, &before] {
    before = journal.now().drained;
    transport_.load()->send("a");
    transport_.load()->outbox() += "b";
    transport_.load()->send("c");
    EXPECT_EQ(transport_.load()->unsent(), 3U);
  });
  EXPECT_EQ(client->receive(3), "abc");
  EXPECT_TRUE(wait([before](const Happened& so_far) { return so_far.drained == before + 1; }));
}

TEST_P(TransportTest, MaySendFromDrained) {
  behaviour.drained = [this](Transport& transport) {
    if (left_-- > 0) transport.send("x");
  };
  const auto client = begin();
  client->send("x");
  EXPECT_EQ(client->receive(1'001), std::string(1'001, 'x'));
}

std::string name_of(const ::testing::TestParamInfo<TransportKind>& info) {
  switch (info.param) {
    case TransportKind::kTcp:
      return "Tcp";
    case TransportKind::kTls:
      return "Tls";
    case TransportKind::kWs:
      return "Ws";
    case TransportKind::kWss:
      break;
  }
  return "Wss";
}

INSTANTIATE_TEST_SUITE_P(All, TransportTest,
                         ::testing::Values(TransportKind::kTcp, TransportKind::kTls, TransportKind::kWs,
                                           TransportKind::kWss),
                         name_of);

using TcpTransportTest = testing::Listening;

TEST_F(TcpTransportTest, DoesNotLingerForever) {
  behaviour.received = [](Transport& transport, std::string_view) { transport.close_after_flush(1ms); };
  start(TransportKind::kTcp);
  const testing::RawClient client(port());
  client.send("x");
  EXPECT_EQ(client.read_to_end(), "");  // and does not close its own side
  ASSERT_TRUE(wait_closed(1));
  EXPECT_THAT(journal.now().closed, ElementsAre(CloseCause::kFlushed));
}

TEST_F(TcpTransportTest, SeesAReset) {
  behaviour.opened = [](Transport& transport) { transport.send("never read"); };
  start(TransportKind::kTcp);
  {
    const testing::RawClient client(port());
    ASSERT_TRUE(wait([](const Happened& so_far) { return so_far.drained == 1; }));
  }  // closing over unread bytes resets
  ASSERT_TRUE(wait_closed(1));
  EXPECT_THAT(journal.now().closed, ElementsAre(CloseCause::kBroken));
}

}  // namespace
}  // namespace inboxd::mqtt
