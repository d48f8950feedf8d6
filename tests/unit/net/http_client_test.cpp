#include "net/http_client.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <optional>

#include "support/http_endpoint.hpp"

namespace inboxd::net {
namespace {

using inboxd::testing::HttpEndpoint;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Outcome = Result<Answer, Failed>;
using Kind = Failed::Kind;

/// A port that nobody listens on.
std::string nowhere() {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
  return "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/";
}

class HttpClientTest : public ::testing::Test {
 protected:
  Outcome send(Request request, milliseconds timeout = seconds(10)) {
    std::optional<Outcome> outcome;
    client.send(std::move(request), timeout, [&outcome](Outcome result) { outcome = std::move(result); });
    EXPECT_FALSE(outcome) << "called from within send()";
    io.restart();
    while (!outcome && io.run_one_for(seconds(20)) > 0) {
    }
    return outcome.value();
  }
  Outcome get(const std::string& url, milliseconds timeout = seconds(10)) {
    return send({.url = parse_url(url).value()}, timeout);
  }
  void expect_failure(const Outcome& outcome, Kind kind) {
    ASSERT_FALSE(outcome) << outcome->status;
    EXPECT_EQ(outcome.error().kind, kind) << outcome.error().why;
    EXPECT_FALSE(outcome.error().why.empty());
  }

  boost::asio::io_context io;
  HttpClient client{io.get_executor(), {.max_answer_bytes = 20000}};
};

TEST_F(HttpClientTest, SendsWhatItIsGiven) {
  HttpEndpoint server([](const auto&, auto) { return HttpEndpoint::answer(201, "made"); });
  const auto outcome = send({.method = "POST",
                             .url = parse_url(server.url("/a?b=c%20d")).value(),
                             .headers = {{"X-One", "1"}},
                             .body = "{}"});
  ASSERT_TRUE(outcome) << outcome.error().why;
  EXPECT_EQ(outcome->status, 201U);
  EXPECT_EQ(outcome->body, "made");
  const auto request = server.requests().at(0);
  EXPECT_EQ(request.method_string(), "POST");
  EXPECT_EQ(request.target(), "/a?b=c%20d");
  EXPECT_EQ(request["X-One"], "1");
  EXPECT_EQ(request["Host"], "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_EQ(request.body(), "{}");
}

TEST_F(HttpClientTest, KeepsAConnectionForTheNext) {
  HttpEndpoint server([](const auto&, auto) { return HttpEndpoint::answer(200, "x"); });
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(get(server.url()));
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(HttpClientTest, UsesNoConnectionThatWasClosedMeanwhile) {
  HttpEndpoint server([](const auto&, auto) {
    auto turn = HttpEndpoint::answer(200, "x");
    turn.close = true;
    return turn;
  });
  // Each close may come before or after the next request looks: it must not be in doubt where it came before.
  int answered = 0;
  for (int i = 0; i < 20; ++i) answered += get(server.url()) ? 1 : 0;
  EXPECT_GT(answered, 0);
}

TEST_F(HttpClientTest, SaysWhatMayHaveArrived) {
  expect_failure(get(nowhere()), Kind::kNotSent);
  expect_failure(get("http://name.invalid/"), Kind::kNotSent);
  HttpEndpoint hangs([](const auto&, auto) { return HttpEndpoint::Turn{.hang = true}; });
  expect_failure(get(hangs.url(), milliseconds(100)), Kind::kNoAnswer);
  HttpEndpoint closes([](const auto&, auto) { return HttpEndpoint::Turn{.close = true}; });
  expect_failure(get(closes.url()), Kind::kNoAnswer);
  HttpEndpoint breaks_off([](const auto&, auto) { return HttpEndpoint::Turn{"HTTP/1.1 20", true}; });
  expect_failure(get(breaks_off.url()), Kind::kNoAnswer);
  HttpEndpoint babbles([](const auto&, auto) { return HttpEndpoint::Turn{"what?\r\n\r\n", true}; });
  expect_failure(get(babbles.url()), Kind::kNoAnswer);
  HttpEndpoint plain([](const auto&, auto) { return HttpEndpoint::answer(200); });
  expect_failure(get("https://127.0.0.1:" + std::to_string(plain.port()) + "/", milliseconds(500)),
                 Kind::kNotSent);
}

TEST_F(HttpClientTest, AStatusStandsEvenIfTheBodyBreaksOff) {
  HttpEndpoint server([](const auto&, auto) {
    return HttpEndpoint::Turn{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", true};
  });
  const auto outcome = get(server.url());
  ASSERT_TRUE(outcome) << outcome.error().why;
  EXPECT_EQ(outcome->status, 200U);
  EXPECT_EQ(outcome->body, "abc");
}

TEST_F(HttpClientTest, CutsWhatIsTooLong) {
  HttpEndpoint server([](const auto&, auto) { return HttpEndpoint::answer(200, std::string(100'000, 'x')); });
  const auto outcome = get(server.url());
  ASSERT_TRUE(outcome) << outcome.error().why;
  EXPECT_EQ(outcome->body.size(), 20000U);
  HttpEndpoint boasts([](const auto&, auto) {
    return HttpEndpoint::Turn{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\nabc", true};
  });
  const auto second = get(boasts.url());
  ASSERT_TRUE(second) << second.error().why;
  EXPECT_EQ(second->body, "abc");
}

TEST_F(HttpClientTest, ReadsChunksAndPassesInterimAnswers) {
  HttpEndpoint server([](const auto&, auto) {
    return HttpEndpoint::Turn{
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
        "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"};
  });
  for (int i = 0; i < 2; ++i) {
    const auto outcome = get(server.url());
    ASSERT_TRUE(outcome) << outcome.error().why;
    EXPECT_EQ(outcome->status, 200U);
    EXPECT_EQ(outcome->body, "abcde");
  }
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(HttpClientTest, ReachesNoGuardedAddress) {
  expect_failure(get("http://169.254.169.254/latest/"), Kind::kForbidden);
  expect_failure(get("http://0.0.0.0:1/"), Kind::kForbidden);
  expect_failure(get("http://[::ffff:169.254.169.254]/"), Kind::kForbidden);
  // Other ways to write the same address are for the resolver, whose answer is checked.
  expect_failure(get("http://2852039166/"), Kind::kForbidden);
  expect_failure(get("http://0xa9fea9fe/"), Kind::kForbidden);
}

TEST_F(HttpClientTest, RefusesLineBreaksInHeaders) {
  HttpEndpoint server([](const auto&, auto) { return HttpEndpoint::answer(200); });
  expect_failure(send({.url = parse_url(server.url()).value(), .headers = {{"X-One", "1\r\nX-Two: 2"}}}),
                 Kind::kForbidden);
  EXPECT_TRUE(server.requests().empty());
}

TEST(HttpClientEndTest, CallsNobodyAfterItsEnd) {
  HttpEndpoint hangs([](const auto&, auto) { return HttpEndpoint::Turn{.hang = true}; });
  boost::asio::io_context io;
  bool called = false;
  {
    HttpClient client(io.get_executor(), {});
    client.send({.url = parse_url(hangs.url()).value()}, seconds(10), [&](const Outcome&) { called = true; });
    while (hangs.requests().empty()) io.run_one_for(milliseconds(10));
  }
  io.run_for(seconds(5));
  EXPECT_TRUE(io.stopped());
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace inboxd::net
