#include "hook/policy_client.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "net/circuit.hpp"
#include "net/signature.hpp"
#include "support/fakes.hpp"
#include "support/http_endpoint.hpp"

namespace inboxd::hook {
namespace {

using inboxd::testing::HttpEndpoint;
using inboxd::testing::SilentLog;
using Kind = HookVerdict::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kAllow = R"({"action":"allow"})";

/// The real time, that can be moved on while nothing is under way, and stopped for what is to happen at once.
class MovableClock final : public Clock {
 public:
  Millis now() const override {
    return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  SteadyClock::time_point steady() const override {
    const auto stopped = stopped_.load();
    return (stopped == SteadyClock::time_point{} ? SteadyClock::now() : stopped) + ahead_.load();
  }
  void advance(seconds by) { ahead_ = ahead_.load() + by; }
  void stop() { stopped_ = SteadyClock::now(); }
  void go_on() { stopped_ = SteadyClock::time_point{}; }

 private:
  std::atomic<seconds> ahead_{seconds(0)};
  std::atomic<SteadyClock::time_point> stopped_{SteadyClock::time_point{}};
};

class CountingHookProbe final : public HookProbe {
 public:
  void answered(HookOutcome outcome, SteadyClock::duration) override {
    const std::lock_guard lock(mutex_);
    ++outcomes_[outcome];
  }
  void circuit(bool open) override {
    const std::lock_guard lock(mutex_);
    circuits_.push_back(open);
  }
  std::size_t count(HookOutcome outcome) {
    const std::lock_guard lock(mutex_);
    return outcomes_[outcome];
  }
  std::vector<bool> circuits() {
    const std::lock_guard lock(mutex_);
    return circuits_;
  }

 private:
  std::mutex mutex_;
  std::map<HookOutcome, std::size_t> outcomes_;
  std::vector<bool> circuits_;
};

/// What came back, by the number of the question.
class Replies {
 public:
  PolicyHook::Done take() {
    return [this, number = asked_++](const HookVerdict& verdict) {
      const std::lock_guard lock(mutex_);
      verdicts_[number].push_back(verdict);
      changed_.notify_all();
    };
  }
  bool wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(15), [&] { return verdicts_.size() >= count; });
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return verdicts_.size();
  }
  HookVerdict last() {
    const std::lock_guard lock(mutex_);
    return verdicts_.rbegin()->second.back();
  }
  bool each_once_and_none() {
    const std::lock_guard lock(mutex_);
    return std::all_of(verdicts_.begin(), verdicts_.end(), [](const auto& entry) {
      return entry.second.size() == 1 && entry.second.front() == HookVerdict{};
    });
  }

 private:
  std::size_t asked_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::size_t, std::vector<HookVerdict>> verdicts_;
};

class PolicyClientTest : public ::testing::Test {
 protected:
  PolicyClientTest() { settings.timeout = seconds(10); }

  void start(const std::string& url) {
    settings.url = url;
    client.emplace(settings, clock, log, probe, 1);
  }
  void ask(const std::string& message) {
    client->ask({.app = "tilechat", .sender = "alice", .recipient = "bob", .message = message},
                replies.take());
    ++asked;
  }
  /// What is said of a message that was not asked about before.
  HookVerdict verdict_on_new() { return verdict_on(R"({"text":")" + std::to_string(asked) + R"("})"); }
  HookVerdict verdict_on(const std::string& message) {
    ask(message);
    if (!replies.wait(asked)) ADD_FAILURE() << "no verdict";
    return replies.last();
  }

  Settings settings;
  MovableClock clock;
  SilentLog log;
  CountingHookProbe probe;
  Replies replies;
  std::size_t asked = 0;
  std::optional<PolicyClient> client;
};

TEST_F(PolicyClientTest, AsksAndUnderstands) {
  HttpEndpoint hook([](const auto&, std::size_t number) {
    if (number == 1) return HttpEndpoint::answer(200, std::string(kAllow));
    if (number == 2) return HttpEndpoint::answer(200, R"({"action":"reject","code":"spam","message":"No"})");
    return HttpEndpoint::answer(200, R"({"action":"replace","text":"x","attributes":{"checked":true}})");
  });
  settings.secret = "secret";
  start(hook.url("/ask?token=1"));
  EXPECT_EQ(verdict_on(R"({"text": "hello"})"), HookVerdict{.kind = Kind::kAllow});
  EXPECT_EQ(verdict_on_new(), (HookVerdict{.kind = Kind::kReject, .code = "spam", .message = "No"}));
  EXPECT_EQ(verdict_on_new(),
            (HookVerdict{.kind = Kind::kAllow, .text = "\"x\"", .attributes = R"({"checked":true})"}));
  EXPECT_EQ(probe.count(HookOutcome::kAllowed), 1U);
  EXPECT_EQ(probe.count(HookOutcome::kRejected), 1U);
  EXPECT_EQ(probe.count(HookOutcome::kReplaced), 1U);
  EXPECT_EQ(hook.connections(), 1U);
  const auto request = hook.requests().front();
  EXPECT_EQ(request.method_string(), "POST");
  EXPECT_EQ(request.target(), "/ask?token=1");
  EXPECT_EQ(request["Content-Type"], "application/json");
  EXPECT_EQ(request.body(), R"({"app_id":"tilechat","sender":"alice","recipient":"bob",)"
                            R"("channel_type":"direct","message":{"text": "hello"}})");
  const std::string signature(request["X-Inboxd-Signature"]);
  ASSERT_TRUE(signature.starts_with("t="));
  EXPECT_EQ(signature, net::signature_of("secret", std::stoll(signature.substr(2)), request.body()));
}

TEST_F(PolicyClientTest, WithoutASecretNothingIsSigned) {
  HttpEndpoint hook([](const auto&, auto) { return HttpEndpoint::answer(200, std::string(kAllow)); });
  start(hook.url());
  EXPECT_EQ(verdict_on_new().kind, Kind::kAllow);
  EXPECT_TRUE(hook.requests().front()["X-Inboxd-Signature"].empty());
}

TEST_F(PolicyClientTest, WhatIsWrongIsNoAnswer) {
  const std::vector<HttpEndpoint::Turn> turns = {
      HttpEndpoint::answer(500, std::string(kAllow)),
      HttpEndpoint::answer(201, std::string(kAllow)),
      HttpEndpoint::answer(204),
      HttpEndpoint::answer(302, std::string(kAllow)),
      HttpEndpoint::answer(200, "nonsense"),
      HttpEndpoint::answer(200, R"({"action":"maybe"})"),
      HttpEndpoint::answer(200, std::string(kAllow) + std::string(1000, ' ')),
      {"HTTP/1.1 200 X\r\nContent-Length: 18\r\n\r\n{\"action\":", true},
  };
  settings.max_answer_bytes = 1000;
  for (const HttpEndpoint::Turn& turn : turns) {
    HttpEndpoint hook([&](const auto&, auto) { return turn; });
    start(hook.url());
    EXPECT_EQ(verdict_on_new(), HookVerdict{}) << turn.bytes;
    EXPECT_EQ(hook.requests().size(), 1U) << turn.bytes;
    client.reset();
  }
  EXPECT_EQ(probe.count(HookOutcome::kError), turns.size());
}

TEST_F(PolicyClientTest, NobodyIsWaitedForBeyondTheTimeout) {
  HttpEndpoint hook([](const auto&, auto) { return HttpEndpoint::Turn{.hang = true}; });
  settings.timeout = milliseconds(50);
  settings.concurrency = 2;
  start(hook.url());
  const auto begun = SteadyClock::now();
  // At one instant: one that comes later is due later too, and may still be asked when the first two are
  // given up.
  clock.stop();
  for (int i = 0; i < 4; ++i) ask(R"({"n":)" + std::to_string(i) + "}");
  clock.go_on();
  ASSERT_TRUE(replies.wait(4)) << "though the hook never answers";
  EXPECT_TRUE(replies.each_once_and_none());
  EXPECT_GE(SteadyClock::now() - begun, milliseconds(50));
  EXPECT_EQ(probe.count(HookOutcome::kTimeout), 4U) << "those too that waited for their turn";
  EXPECT_LE(hook.requests().size(), 2U);
}

TEST_F(PolicyClientTest, SoManyAtATimeAndAsManyMoreWait) {
  std::atomic<bool> go{false};
  HttpEndpoint hook([&](const auto&, auto) {
    go.wait(false);
    return HttpEndpoint::answer(200, std::string(kAllow));
  });
  settings.concurrency = 2;
  start(hook.url());
  for (int i = 0; i < 5; ++i) ask(R"({"n":)" + std::to_string(i) + "}");
  EXPECT_EQ(replies.count(), 1U) << "the fifth, at once";
  EXPECT_EQ(probe.count(HookOutcome::kSkipped), 1U);
  EXPECT_TRUE(hook.wait_for(2));
  EXPECT_EQ(hook.requests().size(), 2U);
  go = true;
  go.notify_all();
  ASSERT_TRUE(replies.wait(5));
  EXPECT_EQ(probe.count(HookOutcome::kAllowed), 4U);
  EXPECT_EQ(hook.connections(), 2U);
}

TEST_F(PolicyClientTest, AskedAgainWhereAConnectionIsClosedUnderneath) {
  HttpEndpoint hook([](const auto&, std::size_t number) {
    if (number == 2) return HttpEndpoint::Turn{.close = true};
    return HttpEndpoint::answer(200, std::string(kAllow));
  });
  start(hook.url());
  EXPECT_EQ(verdict_on_new().kind, Kind::kAllow);
  EXPECT_EQ(verdict_on_new().kind, Kind::kAllow);
  EXPECT_EQ(hook.requests().size(), 3U);
  EXPECT_EQ(hook.connections(), 2U);
}

TEST_F(PolicyClientTest, AskedAgainOnceOnly) {
  HttpEndpoint hook([](const auto&, auto) { return HttpEndpoint::Turn{.close = true}; });
  start(hook.url());
  EXPECT_EQ(verdict_on_new(), HookVerdict{});
  EXPECT_EQ(hook.requests().size(), 2U);
  EXPECT_EQ(probe.count(HookOutcome::kError), 1U);
}

TEST_F(PolicyClientTest, AfterFailuresItIsLeftAloneAndThenTriedAgain) {
  std::atomic<bool> works{false};
  HttpEndpoint hook([&](const auto&, auto) {
    return works ? HttpEndpoint::answer(200, std::string(kAllow)) : HttpEndpoint::answer(503);
  });
  start(hook.url());
  for (std::uint32_t i = 0; i < net::Circuit::kFailuresToOpen; ++i)
    EXPECT_EQ(verdict_on_new(), HookVerdict{});
  EXPECT_EQ(probe.circuits(), std::vector<bool>{true});
  EXPECT_EQ(verdict_on_new(), HookVerdict{});
  EXPECT_EQ(hook.requests().size(), net::Circuit::kFailuresToOpen);
  EXPECT_EQ(probe.count(HookOutcome::kSkipped), 1U);

  clock.advance(seconds(1));
  EXPECT_EQ(verdict_on_new(), HookVerdict{}) << "asked, in vain";
  EXPECT_EQ(hook.requests().size(), net::Circuit::kFailuresToOpen + 1);
  works = true;
  EXPECT_EQ(verdict_on_new(), HookVerdict{}) << "not asked";
  clock.advance(seconds(2));
  EXPECT_EQ(verdict_on_new().kind, Kind::kAllow);
  EXPECT_EQ(verdict_on_new().kind, Kind::kAllow);
  EXPECT_EQ(probe.circuits(), (std::vector<bool>{true, false}));
}

TEST_F(PolicyClientTest, WhereNobodyListensOrMayBeReached) {
  std::string nowhere;
  {
    const HttpEndpoint gone([](const auto&, auto) { return HttpEndpoint::answer(200); });
    nowhere = gone.url();
  }
  for (const std::string& url : {nowhere, std::string("http://169.254.169.254/"), std::string("no url")}) {
    start(url);
    for (std::uint32_t i = 0; i < net::Circuit::kFailuresToOpen; ++i)
      EXPECT_EQ(verdict_on_new(), HookVerdict{});
    EXPECT_EQ(verdict_on_new(), HookVerdict{});
    client.reset();
  }
  EXPECT_EQ(probe.count(HookOutcome::kError), 3 * net::Circuit::kFailuresToOpen);
  EXPECT_EQ(probe.count(HookOutcome::kSkipped), 3U);
}

TEST_F(PolicyClientTest, AVerdictHoldsForTheSameMessage) {
  HttpEndpoint hook([](const auto&, auto) { return HttpEndpoint::answer(200, R"({"action":"reject"})"); });
  settings.cache_ttl = seconds(100);
  start(hook.url());
  EXPECT_EQ(verdict_on(R"({"text":"x","attributes":{"tempUID":"1"},"timestamp":1})").kind, Kind::kReject);
  EXPECT_EQ(verdict_on(R"({"text":"x","attributes":{"tempUID":"2"},"timestamp":2})").kind, Kind::kReject);
  EXPECT_EQ(hook.requests().size(), 1U);
  EXPECT_EQ(probe.count(HookOutcome::kCached), 1U);
  EXPECT_EQ(verdict_on(R"({"text":"y","attributes":{"tempUID":"2"}})").kind, Kind::kReject);
  EXPECT_EQ(hook.requests().size(), 2U);
  clock.advance(seconds(100));
  EXPECT_EQ(verdict_on(R"({"text":"x","attributes":{"tempUID":"3"}})").kind, Kind::kReject);
  EXPECT_EQ(hook.requests().size(), 3U);
}

TEST_F(PolicyClientTest, TheAnswerSaysForHowLong) {
  HttpEndpoint hook([](const auto&, std::size_t number) {
    return HttpEndpoint::answer(
        200, number == 1 ? R"({"action":"allow","ttl":30})" : R"({"action":"allow","ttl":0})");
  });
  for (const seconds setting : {seconds(0), seconds(1)}) {
    settings.cache_ttl = setting;
    start(hook.url());
    const std::size_t before = hook.requests().size();
    const bool holds = before == 0;
    EXPECT_EQ(verdict_on("{}").kind, Kind::kAllow);
    clock.advance(seconds(29));
    EXPECT_EQ(verdict_on("{}").kind, Kind::kAllow);
    EXPECT_EQ(hook.requests().size(), before + (holds ? 1U : 2U));
    clock.advance(seconds(1));
    EXPECT_EQ(verdict_on("{}").kind, Kind::kAllow);
    EXPECT_EQ(hook.requests().size(), before + (holds ? 2U : 3U));
    client.reset();
  }
}

TEST_F(PolicyClientTest, NoAnswerIsNotRemembered) {
  HttpEndpoint hook([](const auto&, std::size_t number) {
    return number == 1 ? HttpEndpoint::answer(500) : HttpEndpoint::answer(200, std::string(kAllow));
  });
  start(hook.url());
  EXPECT_EQ(verdict_on("{}"), HookVerdict{});
  EXPECT_EQ(verdict_on("{}").kind, Kind::kAllow);
}

TEST_F(PolicyClientTest, ItsEndGivesWhatIsPendingNoVerdict) {
  HttpEndpoint hook([](const auto&, auto) { return HttpEndpoint::Turn{.hang = true}; });
  settings.concurrency = 2;
  start(hook.url());
  for (int i = 0; i < 4; ++i) ask(R"({"n":)" + std::to_string(i) + "}");
  ASSERT_TRUE(hook.wait_for(2));
  EXPECT_EQ(replies.count(), 0U);
  client.reset();
  EXPECT_EQ(replies.count(), 4U);
  EXPECT_TRUE(replies.each_once_and_none());
}

TEST_F(PolicyClientTest, ItsEndRightAfterTheQuestions) {
  HttpEndpoint hook([](const auto&, auto) { return HttpEndpoint::Turn{.hang = true}; });
  for (int round = 0; round < 50; ++round) {
    start(hook.url());
    ask("{}");
    ask("{}");
    client.reset();
  }
  EXPECT_EQ(replies.count(), 100U);
  EXPECT_TRUE(replies.each_once_and_none());
}

}  // namespace
}  // namespace inboxd::hook
