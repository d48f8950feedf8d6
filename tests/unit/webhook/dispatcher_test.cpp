#include "webhook/dispatcher.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace inboxd::webhook {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Millis kNow = 1'700'000'000'000;

OutboxRow row(std::uint64_t sequence, std::string key, std::size_t body = 10) {
  return {.sequence = sequence,
          .endpoint = "http://a/",
          .ordering_key = std::move(key),
          .event_id = std::to_string(sequence),
          .created_at = kNow,
          .body = std::string(body, 'x')};
}

Reply answered(unsigned status) { return {Reply::Kind::kAnswered, status}; }
const Reply kNotSent{Reply::Kind::kNotSent, 0, "refused"};
const Reply kNoAnswer{Reply::Kind::kNoAnswer, 0, "timeout"};
const Reply kForbidden{Reply::Kind::kForbidden, 0, "link-local"};

class DispatcherTest : public ::testing::Test {
 protected:
  /// All that may be sent now.
  std::vector<std::uint64_t> begin() {
    std::vector<std::uint64_t> begun;
    while (const auto attempt = dispatcher.next(now, kNow + passed()))
      begun.push_back(attempt->row->sequence);
    return begun;
  }
  void reply(std::uint64_t sequence, const Reply& reply) {
    dispatcher.replied(sequence, reply, now, kNow + passed());
  }
  Millis passed() const { return std::chrono::duration_cast<milliseconds>(now - start).count(); }
  void wait_until_due() {
    const auto due = dispatcher.due();
    ASSERT_TRUE(due);
    now = std::max(now, *due);
  }

  using Sequences = std::vector<std::uint64_t>;
  Settings settings;
  const SteadyClock::time_point start{seconds(1000)};
  SteadyClock::time_point now = start;
  Dispatcher dispatcher{settings, 7};
};

TEST_F(DispatcherTest, SendsOneOfEachKeyAtATime) {
  for (const auto& r : {row(1, "a"), row(2, "a"), row(3, "b"), row(4, "a")}) ASSERT_TRUE(dispatcher.offer(r));
  EXPECT_EQ(begin(), (Sequences{1, 3}));
  reply(1, answered(200));
  EXPECT_EQ(begin(), (Sequences{2}));
  reply(3, answered(204));
  reply(2, answered(200));
  EXPECT_EQ(begin(), (Sequences{4}));
  EXPECT_EQ(dispatcher.settled().size(), 3U);
}

TEST_F(DispatcherTest, SendsNoMoreAtATimeThanItMay) {
  settings.concurrency = 2;
  for (const auto& r : {row(1, "a"), row(2, "b"), row(3, "c")}) ASSERT_TRUE(dispatcher.offer(r));
  EXPECT_EQ(begin(), (Sequences{1, 2}));
  reply(2, answered(200));
  EXPECT_EQ(begin(), (Sequences{3}));
}

TEST_F(DispatcherTest, OutcomesLeadToWhatTheModeSays) {
  enum class End { kDone, kAgain, kUndelivered };
  struct Case {
    Retry retry;
    Reply reply;
    End end;
  };
  for (const Case& c : {
           Case{Retry::kConnect, answered(200), End::kDone},
           Case{Retry::kConnect, answered(302), End::kDone},
           Case{Retry::kConnect, answered(404), End::kDone},
           Case{Retry::kConnect, answered(500), End::kUndelivered},
           Case{Retry::kConnect, kNoAnswer, End::kUndelivered},
           Case{Retry::kConnect, kNotSent, End::kAgain},
           Case{Retry::kConnect, kForbidden, End::kUndelivered},
           Case{Retry::kAll, answered(299), End::kDone},
           Case{Retry::kAll, answered(429), End::kDone},
           Case{Retry::kAll, answered(503), End::kAgain},
           Case{Retry::kAll, kNoAnswer, End::kAgain},
           Case{Retry::kAll, kNotSent, End::kAgain},
           Case{Retry::kAll, kForbidden, End::kUndelivered},
       }) {
    settings.retry = c.retry;
    Dispatcher one(settings, 1);
    ASSERT_TRUE(one.offer(row(1, "a")));
    ASSERT_TRUE(one.next(now, kNow));
    one.replied(1, c.reply, now, kNow);
    EXPECT_EQ(one.settled().empty(), c.end == End::kAgain) << c.reply.status << c.reply.why;
    if (one.settled().empty()) continue;
    const bool undelivered = one.settled().front().undelivered.has_value();
    EXPECT_EQ(undelivered, c.end == End::kUndelivered) << c.reply.status << c.reply.why;
    if (undelivered) {
      EXPECT_EQ(one.settled().front().undelivered->attempts, 1U);
      EXPECT_FALSE(one.settled().front().undelivered->reason.empty());
    }
  }
}

TEST_F(DispatcherTest, ARetryKeepsTheOrderOfItsKeyAndHoldsUpNoOther) {
  for (const auto& r : {row(1, "a"), row(2, "a"), row(3, "b"), row(4, "b")}) ASSERT_TRUE(dispatcher.offer(r));
  EXPECT_EQ(begin(), (Sequences{1, 3}));
  reply(1, kNotSent);
  reply(3, answered(200));
  EXPECT_EQ(begin(), (Sequences{4}));
  reply(4, answered(200));
  EXPECT_EQ(begin(), Sequences{});
  wait_until_due();
  EXPECT_GE(now - start, milliseconds(500));
  EXPECT_LE(now - start, milliseconds(1000));
  EXPECT_EQ(begin(), (Sequences{1}));
  reply(1, answered(200));
  EXPECT_EQ(begin(), (Sequences{2}));
}

TEST_F(DispatcherTest, BackOffDoublesToAMinute) {
  EXPECT_EQ(net::backoff(1, 500), milliseconds(1000));
  EXPECT_EQ(net::backoff(1, 0), milliseconds(500));
  EXPECT_EQ(net::backoff(2, 1000), milliseconds(2000));
  EXPECT_EQ(net::backoff(6, 16000), milliseconds(32000));
  EXPECT_EQ(net::backoff(7, 30000), milliseconds(60000));
  EXPECT_EQ(net::backoff(4'000'000'000U, 30000), milliseconds(60000));
}

TEST_F(DispatcherTest, TheCircuitOpensAndOneAttemptClosesIt) {
  for (std::uint64_t i = 1; i <= 8; ++i) ASSERT_TRUE(dispatcher.offer(row(i, std::to_string(i))));
  EXPECT_EQ(begin().size(), 8U);
  for (std::uint64_t i = 1; i <= 8; ++i) {
    EXPECT_EQ(dispatcher.circuit_open(), i > 5);
    reply(i, kNotSent);
  }
  EXPECT_EQ(begin(), Sequences{});
  wait_until_due();
  const auto probe = begin();
  ASSERT_EQ(probe.size(), 1U);
  EXPECT_FALSE(dispatcher.due());
  reply(probe.front(), kNotSent);
  EXPECT_TRUE(dispatcher.circuit_open());
  EXPECT_EQ(begin(), Sequences{});
  wait_until_due();
  const auto second = begin();
  ASSERT_EQ(second.size(), 1U);
  reply(second.front(), answered(404));
  EXPECT_FALSE(dispatcher.circuit_open());
  EXPECT_EQ(begin().size(), 7U) << "nobody waits out a pause that was for the endpoint's absence";
}

TEST_F(DispatcherTest, RejectionsNeverOpenTheCircuit) {
  for (std::uint64_t i = 1; i <= 20; ++i) {
    ASSERT_TRUE(dispatcher.offer(row(i, "a")));
    EXPECT_EQ(begin(), Sequences{i});
    // Where a 500 is final it is a rejection too: receivers answer so to what they do not want.
    reply(i, answered(i % 2 == 0 ? 400 : 500));
  }
  EXPECT_FALSE(dispatcher.circuit_open());
}

TEST_F(DispatcherTest, GivesUpWhatIsTooOldWhenItsTurnComes) {
  settings.max_age = seconds(10);
  for (const auto& r : {row(1, "a"), row(2, "a")}) ASSERT_TRUE(dispatcher.offer(r));
  EXPECT_EQ(begin(), (Sequences{1}));
  now += seconds(11);
  reply(1, kNotSent);
  now += seconds(60);
  EXPECT_EQ(begin(), Sequences{});
  ASSERT_EQ(dispatcher.settled().size(), 2U);
  EXPECT_EQ(dispatcher.settled()[0].why, GivenUp::kTooOld);
  EXPECT_EQ(dispatcher.settled()[0].undelivered->attempts, 1U);
  EXPECT_EQ(dispatcher.settled()[1].undelivered->attempts, 0U);
}

TEST_F(DispatcherTest, GivesUpTheOldestThatAreNotUnderWay) {
  settings.concurrency = 1;
  for (const auto& r : {row(1, "a"), row(2, "a"), row(3, "b"), row(4, "a")}) ASSERT_TRUE(dispatcher.offer(r));
  EXPECT_EQ(begin(), (Sequences{1}));
  EXPECT_EQ(dispatcher.give_up_oldest(2, kNow), 2U);
  ASSERT_EQ(dispatcher.settled().size(), 2U);
  EXPECT_EQ(dispatcher.settled()[0].sequence, 2U);
  EXPECT_EQ(dispatcher.settled()[1].sequence, 3U);
  reply(1, answered(200));
  EXPECT_EQ(begin(), (Sequences{4}));
  EXPECT_EQ(dispatcher.give_up_oldest(5, kNow), 0U);
}

TEST_F(DispatcherTest, TheWindowIsBoundedInRowsAndBytes) {
  std::uint64_t taken = 0;
  while (dispatcher.offer(row(taken + 1, std::to_string(taken)))) ++taken;
  EXPECT_EQ(taken, Dispatcher::kMaxRows);
  EXPECT_EQ(dispatcher.read_from(), taken + 1);

  Dispatcher wide(settings, 1);
  std::uint64_t large = 0;
  while (wide.offer(row(large + 1, std::to_string(large), std::size_t{1} << 20U))) ++large;
  EXPECT_EQ(large, 15U);
}

TEST_F(DispatcherTest, AKeyThatIsHeldUpLeavesRoomAndGoesOnInOrder) {
  const std::uint64_t count = Dispatcher::kMaxLaneRows + 10;
  for (std::uint64_t i = 1; i <= count; ++i) ASSERT_TRUE(dispatcher.offer(row(i, "a")));
  ASSERT_TRUE(dispatcher.offer(row(count + 1, "b")));
  EXPECT_EQ(dispatcher.read_from(), count + 2);
  for (std::uint64_t i = 1; i <= Dispatcher::kMaxLaneRows; ++i) {
    const auto begun = begin();
    ASSERT_FALSE(begun.empty());
    EXPECT_EQ(begun.front(), i);
    reply(i, answered(200));
  }
  EXPECT_EQ(dispatcher.read_from(), Dispatcher::kMaxLaneRows + 1);
  for (std::uint64_t i = dispatcher.read_from(); i <= count; ++i) ASSERT_TRUE(dispatcher.offer(row(i, "a")));
  EXPECT_EQ(begin(), (Sequences{Dispatcher::kMaxLaneRows + 1}));
}

TEST_F(DispatcherTest, KnowsWhatItHasWhenItLooksAgain) {
  ASSERT_TRUE(dispatcher.offer(row(5, "a")));
  ASSERT_TRUE(dispatcher.offer(row(6, "a")));
  EXPECT_EQ(begin(), (Sequences{5}));
  reply(5, answered(200));
  EXPECT_EQ(begin(), (Sequences{6}));
  dispatcher.look_again();
  EXPECT_EQ(dispatcher.read_from(), 0U);
  for (const auto& r : {row(2, "a"), row(5, "a"), row(6, "a")}) ASSERT_TRUE(dispatcher.offer(r));
  reply(6, answered(200));
  EXPECT_EQ(begin(), (Sequences{2})) << "5 is settled, though still in the outbox";
  dispatcher.forget_settled(2);
  EXPECT_TRUE(dispatcher.settled().empty());
}

}  // namespace
}  // namespace inboxd::webhook
