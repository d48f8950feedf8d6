#include "mqtt/listener.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <mutex>
#include <set>
#include <stdexcept>
#include <vector>

#include "unit/mqtt/clients.hpp"
#include "unit/mqtt/listening.hpp"

namespace inboxd::mqtt {
namespace {

using namespace std::chrono_literals;

using testing::attempt;
using testing::connect;

using ::testing::Each;
using ::testing::ElementsAre;
using testing::Happened;
using ::testing::HasSubstr;
using testing::RawClient;

using ::testing::StartsWith;

class ListenerTest : public testing::Listening {
 protected:
  std::mutex mutex_;
  std::multiset<std::size_t> threads_;  ///< of connections
};

bool any_refused(const Happened& so_far) { return !so_far.refused.empty(); }

TEST_F(ListenerTest, CountsConnectionsOfAnAddress) {
  start(TransportKind::kTcp, {.connections_per_address = 2});
  const auto one = connect(TransportKind::kTcp, port());
  {
    const auto two = connect(TransportKind::kTcp, port());
    ASSERT_TRUE(wait([](const Happened& so_far) { return so_far.opened == 2; }));
    EXPECT_EQ(RawClient(port()).read_to_end(), "");
    ASSERT_TRUE(wait(any_refused));
    EXPECT_THAT(journal.now().refused, ElementsAre(Refused::kAddress));
  }
  ASSERT_TRUE(wait_closed(1));
  const auto three = connect(TransportKind::kTcp, port());
  three->send("again");
  EXPECT_EQ(three->receive(5), "again");
}

TEST_F(ListenerTest, CountsAllConnections) {
  start(TransportKind::kTcp, {.connections = 1});
  const auto one = connect(TransportKind::kTcp, port());
  EXPECT_EQ(RawClient(port()).read_to_end(), "");
  ASSERT_TRUE(wait(any_refused));
  EXPECT_THAT(journal.now().refused, ElementsAre(Refused::kConnections));
  EXPECT_EQ(listener->connections(), 1U);
}

TEST_F(ListenerTest, SpreadsConnectionsOverItsThreads) {
  behaviour.opened = [this](Transport& transport) {
    const std::lock_guard lock(mutex_);
    threads_.insert(transport.thread());
    EXPECT_EQ(transport.peer_address(), "127.0.0.1");
    EXPECT_NE(transport.peer_port(), 0);
    EXPECT_EQ(transport.endpoint(), 0U);
  };
  start(TransportKind::kTcp);
  std::vector<std::unique_ptr<testing::Client>> clients;
  for (std::size_t i = 0; i < 4 * kThreads; ++i) clients.push_back(connect(TransportKind::kTcp, port()));
  ASSERT_TRUE(wait([&](const Happened& so_far) { return so_far.opened == clients.size(); }));
  listener->stop();
  for (std::size_t thread = 0; thread < kThreads; ++thread) EXPECT_EQ(threads_.count(thread), 4U);
}

TEST_F(ListenerTest, TakesManyThatComeAndGo) {
  start(TransportKind::kTcp);
  constexpr std::size_t kMany = 1'000;
  for (std::size_t i = 0; i < kMany; ++i) RawClient(port()).send("x");
  // Those that reset at once may never have been seen.
  const auto last = connect(TransportKind::kTcp, port());
  last->send("still here");
  EXPECT_EQ(last->receive(10), "still here");
  last->close();
  EXPECT_TRUE(wait([this](const Happened& so_far) {
    return so_far.made == so_far.destroyed && listener->connections() == 0;
  }));
  EXPECT_GT(journal.now().opened, kMany / 2);
}

TEST_F(ListenerTest, GivesUpOnSlowHandshakes) {
  for (const auto kind : {TransportKind::kTls, TransportKind::kWs, TransportKind::kWss}) {
    start(kind, {.handshake = 1ms});
    const RawClient client(port());
    client.send("G");
    EXPECT_EQ(client.read_to_end(), "");
    ASSERT_TRUE(wait(any_refused));
    EXPECT_THAT(journal.now().refused, Each(Refused::kTimeout));
  }
  EXPECT_EQ(journal.now().made, 0U);
}

TEST_F(ListenerTest, RefusesWhatIsNotTls) {
  start(TransportKind::kTls);
  const RawClient client(port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  (void)client.read_to_end();
}

TEST_F(ListenerTest, AnswersPlainHttpAtOnce) {
  start(TransportKind::kWs);
  const auto ask = [this](const std::string& request) {
    const RawClient client(port());
    client.send(request);
    return client.read_to_end();
  };
  EXPECT_THAT(ask("GET /ws HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 426 "));
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(ask("\x10\x0c\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("GET /ws HTTP/1.1\r\nX: " + std::string(9'000, 'x')), StartsWith("HTTP/1.1 431 "));
  ASSERT_TRUE(wait([](const Happened& so_far) { return so_far.refused.size() == 4; }));
  EXPECT_THAT(journal.now().refused, Each(Refused::kHandshake));
}

TEST_F(ListenerTest, ChoosesTheSubprotocol) {
  start(TransportKind::kWs);
  for (const char* path : {"/ws", "/mqtt", "/mqws/ws", "/ws?x=1"}) {
    EXPECT_EQ(attempt(port(), {.path = path}).subprotocol, "mqtt") << path;
  }
  EXPECT_EQ(attempt(port(), {.subprotocols = "chat, mqtt"}).subprotocol, "mqtt");
  const auto none = attempt(port(), {.subprotocols = ""});
  EXPECT_TRUE(none.upgraded);
  EXPECT_EQ(none.subprotocol, "");
  EXPECT_EQ(attempt(port(), {.subprotocols = "chat"}).status, 400U);
  EXPECT_EQ(attempt(port(), {.path = "/wss"}).status, 404U);
}

TEST_F(ListenerTest, ClosesOverATextFrame) {
  start(TransportKind::kWs);
  EXPECT_EQ(attempt(port(), {.text = "hello"}).close_code, 1003U);
  ASSERT_TRUE(wait_closed(1));
  EXPECT_THAT(journal.now().closed, ElementsAre(CloseCause::kViolation));
}

TEST_F(ListenerTest, OutlivesAFactoryThatFails) {
  bool first = true;
  const auto factory = [&first](const Transport&) -> std::unique_ptr<ConnectionHandler> {
    if (std::exchange(first, false)) throw std::runtime_error("no");
    return nullptr;
  };
  auto started = Listener::start({{.kind = TransportKind::kTcp, .address = "127.0.0.1"}}, {},
                                 {*threads, factory, *probe});
  ASSERT_TRUE(started) << started.error();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(RawClient((*started)->port(0)).read_to_end(), "");
  ASSERT_TRUE(wait([](const Happened& so_far) { return so_far.refused.size() == 2; }));
  EXPECT_THAT(journal.now().refused, Each(Refused::kHandler));
  EXPECT_EQ(journal.now().failed, 1U);
}

TEST_F(ListenerTest, StopsAcceptingAndKeepsWhatItHas) {
  start(TransportKind::kTcp);
  const auto client = connect(TransportKind::kTcp, port());
  ASSERT_TRUE(wait([](const Happened& so_far) { return so_far.opened == 1; }));
  listener->stop_accepting();
  EXPECT_THROW(RawClient{port()}, std::runtime_error);
  client->send("hello");
  EXPECT_EQ(client->receive(5), "hello");
  listener->stop();
  EXPECT_THAT(journal.now().closed, ElementsAre(CloseCause::kStopped));
  EXPECT_EQ(listener->connections(), 0U);
}

TEST_F(ListenerTest, WaitsForDescriptors) {
  start(TransportKind::kTcp);
  // UBSan looks at a class that it has not met yet with descriptors of its own, of which there will be none.
  const RawClient first(port());
  first.send("hello");
  EXPECT_EQ(first.read_some(), "hello");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::dup(STDIN_FILENO);
  ::close(next);
  rlimit few = before;
  few.rlim_cur = static_cast<rlim_t>(next) + 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const RawClient client(port());  // takes the last one
  const bool noticed = wait([](const Happened& so_far) { return so_far.out_of_descriptors > 0; });
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(noticed);
  client.send("hello");
  EXPECT_EQ(client.read_some(), "hello");
}

TEST_F(ListenerTest, ReloadsItsCertificates) {
  start(TransportKind::kTls);
  write_pair("two");
  EXPECT_TRUE(listener->reload());
  const auto client = connect(TransportKind::kTls, port());
  std::filesystem::remove(files().key);
  const auto reloaded = listener->reload();
  ASSERT_FALSE(reloaded);
  EXPECT_THAT(reloaded.error(), HasSubstr("key.pem"));
  EXPECT_NO_THROW(connect(TransportKind::kTls, port()));
}

TEST_F(ListenerTest, SaysWhyItCannotListen) {
  start(TransportKind::kTcp);
  const auto again = [this](const Endpoint& endpoint) {
    const auto started = Listener::start({endpoint}, {}, {*threads, {}, *probe});
    return started ? std::string() : started.error();
  };
  EXPECT_THAT(again({.address = "127.0.0.1", .port = port()}), HasSubstr("in use"));
  EXPECT_THAT(again({.address = "localhost"}), HasSubstr("cannot listen on localhost"));
  EXPECT_THAT(again({.kind = TransportKind::kWss, .address = "127.0.0.1"}), HasSubstr("certificate"));
}

TEST(EndpointTest, KnowsLoopback) {
  EXPECT_TRUE(is_loopback({.address = "127.0.0.1"}));
  EXPECT_TRUE(is_loopback({.address = "127.1.2.3"}));
  EXPECT_TRUE(is_loopback({.address = "::1"}));
  EXPECT_FALSE(is_loopback({.address = "0.0.0.0"}));
  EXPECT_FALSE(is_loopback({.address = "::"}));
  EXPECT_FALSE(is_loopback({.address = "localhost"}));
  EXPECT_TRUE(all_loopback({{.address = "127.0.0.1"}, {.address = "::1"}}));
  EXPECT_FALSE(all_loopback({{.address = "127.0.0.1"}, {.address = "10.0.0.1"}}));
}

}  // namespace
}  // namespace inboxd::mqtt
