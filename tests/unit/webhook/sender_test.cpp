#include "webhook/sender.hpp"

#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "net/signature.hpp"
#include "store/memory_store.hpp"
#include "support/fakes.hpp"
#include "support/http_endpoint.hpp"

namespace inboxd::webhook {
namespace {

using inboxd::testing::FakeEntropy;
using inboxd::testing::HttpEndpoint;
using inboxd::testing::SilentLog;
using std::chrono::milliseconds;
using std::chrono::seconds;

class RealClock final : public Clock {
 public:
  Millis now() const override {
    return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  SteadyClock::time_point steady() const override { return SteadyClock::now(); }
};

/// A count of everything that it hears; wait() is for one of them to come true.
class Ear final : public WebhookProbe {
 public:
  void delivered(std::size_t) override { add("delivered"); }
  void failed(std::size_t, Failure kind) override { add("failed " + std::to_string(static_cast<int>(kind))); }
  void given_up(std::size_t, GivenUp, std::size_t count) override { add("given up", count); }
  void pending(std::size_t endpoint, std::size_t rows) override {
    const std::lock_guard lock(mutex_);
    pending_[endpoint] = rows;
    changed_.notify_all();
  }
  void circuit(std::size_t, bool open) override { add(open ? "opened" : "closed"); }
  void took(std::size_t, SteadyClock::duration) override { add("took"); }

  bool wait(const std::string& what, std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(15), [&] { return counts_[what] >= count; });
  }
  bool wait_for_pending(std::size_t endpoint, std::size_t rows) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(15), [&] {
      const auto found = pending_.find(endpoint);
      return found != pending_.end() && found->second == rows;
    });
  }
  std::size_t count(const std::string& what) {
    const std::lock_guard lock(mutex_);
    return counts_[what];
  }

 private:
  void add(const std::string& what, std::size_t count = 1) {
    const std::lock_guard lock(mutex_);
    counts_[what] += count;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::size_t> counts_;
  std::map<std::size_t, std::size_t> pending_;
};

class WebhookSenderTest : public ::testing::Test {
 protected:
  void put(const std::string& endpoint, std::uint64_t first, std::size_t count,
           const std::string& key = "k") {
    Commit commit;
    for (std::uint64_t i = first; i < first + count; ++i) {
      commit.outbox.push_back({.sequence = i,
                               .endpoint = endpoint,
                               .ordering_key = key,
                               .event_id = "event-" + std::to_string(i),
                               .created_at = clock.now(),
                               .body = "{\"n\":" + std::to_string(i) + "}"});
    }
    store.commit(commit);
  }
  WebhookSender& start() { return sender.emplace(settings, store, clock, entropy, log, ear); }
  bool outbox_is_empty() const { return store.outbox_endpoints().empty(); }

  Settings settings;
  store::MemoryStore store;
  RealClock clock;
  FakeEntropy entropy;
  SilentLog log;
  Ear ear;
  std::optional<WebhookSender> sender;
};

TEST_F(WebhookSenderTest, DeliversInOrderWithItsHeaders) {
  HttpEndpoint server([](const auto&, auto) { return HttpEndpoint::answer(200); });
  settings.endpoints = {server.url("/hook?token=1")};
  settings.secret = "secret";
  put(settings.endpoints[0], 1, 200);
  start();
  put(settings.endpoints[0], 201, 100);
  sender->wake();
  ASSERT_TRUE(ear.wait("delivered", 300));
  sender->stop(SteadyClock::now() + seconds(5));
  EXPECT_TRUE(outbox_is_empty());
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 300U);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(requests[i]["X-Inboxd-Event-Id"], "event-" + std::to_string(i + 1));
  }
  EXPECT_EQ(server.connections(), 1U);
  const auto& first = requests.front();
  EXPECT_EQ(first.target(), "/hook?token=1");
  EXPECT_EQ(first["Content-Type"], "application/json");
  EXPECT_TRUE(first["User-Agent"].starts_with("inboxd/"));
  const std::string signature(first["X-Inboxd-Signature"]);
  EXPECT_EQ(signature, net::signature_of("secret", std::stoll(signature.substr(2)), first.body()));
}

TEST_F(WebhookSenderTest, AHangingEndpointDelaysNoOther) {
  HttpEndpoint hangs([](const auto&, auto) { return HttpEndpoint::Turn{.hang = true}; });
  HttpEndpoint works([](const auto&, auto) { return HttpEndpoint::answer(200); });
  settings.endpoints = {hangs.url(), works.url()};
  put(settings.endpoints[0], 1, 50);
  put(settings.endpoints[1], 101, 50);
  start();
  ASSERT_TRUE(ear.wait("delivered", 50));
  ASSERT_TRUE(hangs.wait_for(1));
  sender->stop(SteadyClock::now());
  EXPECT_EQ(store.outbox(settings.endpoints[0], 0, 100).size(), 50U) << "dropped, not forgotten";
  EXPECT_TRUE(store.outbox(settings.endpoints[1], 0, 100).empty());
}

TEST_F(WebhookSenderTest, OutcomesByTurn) {
  HttpEndpoint server([](const auto& request, auto) {
    const std::string id(request["X-Inboxd-Event-Id"]);
    if (id == "event-1") return HttpEndpoint::answer(500);
    if (id == "event-2") return HttpEndpoint::answer(404);
    if (id == "event-3") return HttpEndpoint::Turn{"HTTP/1.1 20", true};
    if (id == "event-4") return HttpEndpoint::Turn{.hang = true};
    return HttpEndpoint::answer(200);
  });
  settings.endpoints = {server.url()};
  settings.timeout = milliseconds(300);
  put(settings.endpoints[0], 1, 5);
  start();
  ASSERT_TRUE(ear.wait("delivered", 1));
  ASSERT_TRUE(ear.wait("given up", 3));
  ASSERT_TRUE(ear.wait_for_pending(0, 0));
  EXPECT_TRUE(outbox_is_empty());
  const auto undelivered = store.undelivered(10);
  ASSERT_EQ(undelivered.size(), 3U);
  EXPECT_EQ(undelivered[0].reason, "timeout");
  EXPECT_EQ(undelivered[2].reason, "answered 500");
  EXPECT_EQ(undelivered[2].attempts, 1U);
}

TEST_F(WebhookSenderTest, ModeAllTriesAgainWithTheSameId) {
  HttpEndpoint server([](const auto&, auto number) { return HttpEndpoint::answer(number == 1 ? 503 : 200); });
  settings.endpoints = {server.url()};
  settings.retry = Retry::kAll;
  put(settings.endpoints[0], 1, 2);
  start();
  ASSERT_TRUE(ear.wait("delivered", 2));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0]["X-Inboxd-Event-Id"], "event-1");
  EXPECT_EQ(requests[1]["X-Inboxd-Event-Id"], "event-1");
  EXPECT_EQ(requests[2]["X-Inboxd-Event-Id"], "event-2");
}

TEST_F(WebhookSenderTest, WhatCannotConnectIsKeptAndSentAgainByTheNext) {
  std::string nowhere;
  {
    HttpEndpoint gone([](const auto&, auto) { return HttpEndpoint::answer(200); });
    nowhere = gone.url();
  }
  settings.endpoints = {nowhere};
  for (std::uint64_t i = 1; i <= 8; ++i) put(nowhere, i, 1, "key " + std::to_string(i));
  start();
  ASSERT_TRUE(ear.wait("opened", 1));
  sender.reset();
  EXPECT_EQ(store.outbox(nowhere, 0, 10).size(), 8U);
  EXPECT_TRUE(store.undelivered(10).empty());
}

TEST_F(WebhookSenderTest, ForbiddenAndInvalidEndpointsGoToTheList) {
  settings.endpoints = {"http://169.254.169.254/", "no url"};
  put(settings.endpoints[0], 1, 1);
  put(settings.endpoints[1], 2, 1);
  put("http://no.longer.configured/", 3, 200);
  start();
  ASSERT_TRUE(ear.wait("given up", 202));
  EXPECT_TRUE(outbox_is_empty());
  EXPECT_EQ(store.undelivered(1000).size(), 202U);
  EXPECT_TRUE(store.undelivered_event(1)->reason.starts_with("forbidden: "));
  EXPECT_TRUE(store.undelivered_event(3)->reason.starts_with("not_configured: "));
}

TEST_F(WebhookSenderTest, BeyondTheBoundTheOldestGo) {
  HttpEndpoint hangs([](const auto&, auto) { return HttpEndpoint::Turn{.hang = true}; });
  settings.endpoints = {hangs.url()};
  settings.max_pending = 1000;
  put(settings.endpoints[0], 1, 3000);
  start();
  ASSERT_TRUE(ear.wait("given up", 2000));
  EXPECT_EQ(store.undelivered(SIZE_MAX).size(), 2000U);
  EXPECT_EQ(store.outbox(settings.endpoints[0], 0, SIZE_MAX).size(), 1000U);
  put(settings.endpoints[0], 3001, 5);
  sender->wake();
  ASSERT_TRUE(ear.wait("given up", 2005));
  sender->stop(SteadyClock::now());
}

TEST_F(WebhookSenderTest, SendsWhatWasPutBack) {
  HttpEndpoint server([](const auto&, auto) { return HttpEndpoint::answer(200); });
  settings.endpoints = {server.url()};
  put(settings.endpoints[0], 100, 3);
  start();
  ASSERT_TRUE(ear.wait_for_pending(0, 0));
  put(settings.endpoints[0], 7, 2);
  sender->rescan();
  ASSERT_TRUE(ear.wait("delivered", 5));
  sender->stop(SteadyClock::now() + seconds(5));
  EXPECT_TRUE(outbox_is_empty());
  EXPECT_EQ(server.requests().back()["X-Inboxd-Event-Id"], "event-8");
}

}  // namespace
}  // namespace inboxd::webhook
