#include "mqtt/feed.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

/// What connections have for the hub: in order, bounded, and in whose turn.
namespace inboxd::mqtt {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kMuch = 1'000'000;
/// However short the taker has been idle, and however long turns take.
constexpr Feed::Lending kAtOnce{.after_idle = microseconds(0), .slow_turn = hours(1)};

std::vector<Command> commands(std::uint64_t from, PacketId first, std::size_t count = 1) {
  std::vector<Command> result;
  for (std::size_t i = 0; i < count; ++i) {
    result.push_back({{from, 0}, UnsubscribeFrom{static_cast<PacketId>(first + i), {}}});
  }
  return result;
}

std::vector<Command> messages(std::uint64_t from, PacketId first, std::size_t count = 1) {
  std::vector<Command> result;
  for (std::size_t i = 0; i < count; ++i) {
    const auto message = std::make_shared<const Message>(
        Message{.topic = "t", .payload = std::make_shared<const std::string>()});
    result.push_back({{from, 0}, Publication{message, static_cast<PacketId>(first + i)}});
  }
  return result;
}

/// A message last, behind what is none.
std::vector<Command> mixed(std::uint64_t from, PacketId first, std::size_t count) {
  std::vector<Command> result = commands(from, first, count - 1);
  result.push_back(messages(from, static_cast<PacketId>(first + count - 1)).front());
  return result;
}

std::vector<Command> acknowledgements(std::uint64_t from, PacketId first, std::size_t /*one*/) {
  return {{{from, 0}, Acknowledged{.packet_id = first}}};
}

PacketId number_of(const Command& command) {
  if (const auto* acknowledged = std::get_if<Acknowledged>(&command.what)) return acknowledged->packet_id;
  if (const auto* publication = std::get_if<Publication>(&command.what)) return publication->packet_id;
  return std::get<UnsubscribeFrom>(command.what).packet_id;
}

/// A thread that takes what there is, over and over, and lends its turn while it waits.
class Taker {
 public:
  explicit Taker(const Feed::Lending& lending)
      : feed_(
            kMuch, [] {}, lending),
        thread_([this] { work(); }) {}
  ~Taker() {
    stopping_ = true;
    feed_.wake();
    thread_.join();
  }
  Taker(const Taker&) = delete;
  Taker& operator=(const Taker&) = delete;

  Feed& feed() { return feed_; }
  std::thread::id thread() const { return thread_.get_id(); }
  std::size_t taken() const { return taken_; }
  /// In whose turn that one was taken.
  std::optional<std::thread::id> taker_of(std::uint64_t from, PacketId number) {
    const std::lock_guard lock(mutex_);
    const auto found = by_.find({from, number});
    return found == by_.end() ? std::nullopt : std::optional(found->second);
  }
  /// Whether two turns were ever under way at once, or something was taken before what came first.
  bool went_wrong() const { return went_wrong_; }

  std::function<void()> in_lent_turn = [] {};

 private:
  void work() {
    const Feed::Turn turn = [this] {
      note(feed_.take(milliseconds(0), kMuch));
      in_lent_turn();
    };
    while (!stopping_) note(feed_.take(hours(1), kMuch, &turn));
  }

  void note(const std::vector<Command>& taken) {
    if (busy_.exchange(true)) went_wrong_ = true;
    for (const Command& command : taken) {
      PacketId& last = last_[command.from.number];
      if (number_of(command) <= last) went_wrong_ = true;
      last = number_of(command);
      const std::lock_guard lock(mutex_);
      by_.emplace(std::pair(command.from.number, last), std::this_thread::get_id());
    }
    taken_ += taken.size();
    busy_ = false;
  }

  Feed feed_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> busy_{false};
  std::atomic<bool> went_wrong_{false};
  std::atomic<std::size_t> taken_{0};
  std::map<std::uint64_t, PacketId> last_;  // for whoever has the turn
  std::mutex mutex_;                        // guards what follows
  std::map<std::pair<std::uint64_t, PacketId>, std::thread::id> by_;
  std::thread thread_;
};

/// Whether it became true in time.
bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

/// In whose turn a command was taken that this thread brought.
std::optional<std::thread::id> served_by(Taker& taker, PacketId number) {
  taker.feed().put_and_serve(commands(1, number));
  eventually([&] { return taker.taker_of(1, number).has_value(); });
  return taker.taker_of(1, number);
}

TEST(Feed, GivesOutInOrderAndNoMoreThanAskedFor) {
  Feed feed(kMuch, [] {});
  feed.put(commands(1, 1, 3));
  const std::size_t one = bytes_of(commands(1, 1).front());
  EXPECT_EQ(feed.take(milliseconds(0), 2 * one).size(), 2U);
  const auto rest = feed.take(milliseconds(0), 1);
  ASSERT_EQ(rest.size(), 1U) << "one at least";
  EXPECT_EQ(number_of(rest.front()), 3);
}

TEST(Feed, SaysWhenThereIsRoomAgain) {
  int told = 0;
  Feed feed(4 * bytes_of(commands(1, 1).front()), [&] { ++told; });
  feed.put(commands(1, 1, 4));
  EXPECT_TRUE(feed.full());
  feed.take(milliseconds(0), 1);
  EXPECT_TRUE(feed.full()) << "it is nearly full yet";
  feed.take(milliseconds(0), kMuch);
  EXPECT_FALSE(feed.full());
  EXPECT_EQ(told, 1);
}

TEST(Feed, AWakeThatComesEarlyIsForTheNextToWait) {
  Feed feed(kMuch, [] {});
  feed.wake();
  EXPECT_TRUE(feed.take(milliseconds(0), kMuch).empty());
  EXPECT_TRUE(feed.take(hours(1), kMuch).empty());
}

TEST(Feed, LendsTheTurnOfATakerThatIsIdle) {
  Taker taker(kAtOnce);
  PacketId number = 0;
  // It may not have begun to wait when the first ones come.
  EXPECT_TRUE(eventually([&] { return served_by(taker, ++number) == std::this_thread::get_id(); }));
  EXPECT_FALSE(taker.went_wrong());
}

/// Which takes no time, and is what a storm of connections is made of.
TEST(Feed, LendsTheTurnOfATakerThatWasBusyAMomentAgoForWhatIsNoTraffic) {
  Taker taker({.after_idle = hours(1)});
  PacketId number = 0;
  EXPECT_TRUE(eventually([&] { return served_by(taker, ++number) == std::this_thread::get_id(); }));
}

TEST(Feed, LendsNoTurn) {
  struct Case {
    const char* when;
    Feed::Lending lending;
    std::function<void(Feed&, std::vector<Command>)> put;
    std::size_t count;
    std::vector<Command> (*what)(std::uint64_t, PacketId, std::size_t) = commands;
  };
  const auto serve = [](Feed& feed, std::vector<Command> what) { feed.put_and_serve(std::move(what)); };
  const auto put = [](Feed& feed, std::vector<Command> what) { feed.put(std::move(what)); };
  const Case cases[] = {
      {"to one who has no time", kAtOnce, put, 1},
      {"for a message, while the taker was busy a moment ago", {.after_idle = hours(1)}, serve, 1, messages},
      {"for an acknowledgement likewise", {.after_idle = hours(1)}, serve, 1, acknowledgements},
      {"for a message among others", {.after_idle = hours(1)}, serve, 3, mixed},
      {"for many commands at once", kAtOnce, serve, 100}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.when);
    Taker taker(c.lending);
    PacketId number = 1;
    for (int round = 0; round < 200; ++round) {
      c.put(taker.feed(), c.what(1, number, c.count));
      number = static_cast<PacketId>(number + c.count);
      const PacketId last = static_cast<PacketId>(number - 1);
      ASSERT_TRUE(eventually([&] { return taker.taker_of(1, last).has_value(); }));
      ASSERT_EQ(taker.taker_of(1, last), taker.thread());
    }
  }
}

TEST(Feed, LendsNoTurnForAWhileAfterASlowOne) {
  // Every turn is slow, and the while has no end.
  Taker taker({.after_idle = microseconds(0), .slow_turn = microseconds(-1), .abstention = 1'000'000'000});
  std::atomic<int> lent{0};
  taker.in_lent_turn = [&] { ++lent; };
  PacketId number = 0;
  ASSERT_TRUE(eventually([&] {
    served_by(taker, ++number);
    return lent > 0;
  }));
  for (int i = 0; i < 200; ++i) ASSERT_EQ(served_by(taker, ++number), taker.thread());
}

/// A storm of persistent sessions: each would wait for the disk alone.
TEST(Feed, LendsNoTurnToWhoComesEarlyForAWhileAfterOneThatWasSlow) {
  Taker taker({.after_idle = hours(1),
               .slow_turn = hours(1),
               .abstention = 1'000'000'000,
               .slow_early_turn = microseconds(-1)});
  PacketId number = 0;
  ASSERT_TRUE(eventually([&] { return served_by(taker, ++number) == std::this_thread::get_id(); }));
  for (int i = 0; i < 200; ++i) ASSERT_EQ(served_by(taker, ++number), taker.thread());
}

TEST(Feed, LendsNoTurnForALargeMessage) {
  Taker taker(kAtOnce);
  for (PacketId number = 1; number <= 200; ++number) {
    std::vector<Command> large = commands(1, number);
    std::get<UnsubscribeFrom>(large.front().what).filters = {std::string(100'000, 'x')};
    taker.feed().put_and_serve(std::move(large));
    ASSERT_TRUE(eventually([&] { return taker.taker_of(1, number).has_value(); }));
    ASSERT_EQ(taker.taker_of(1, number), taker.thread());
  }
}

TEST(Feed, WhatComesDuringALentTurnIsForTheTakerItself) {
  Taker taker(kAtOnce);
  std::atomic<PacketId> extra{0};
  taker.in_lent_turn = [&] { taker.feed().put(commands(2, ++extra)); };
  PacketId number = 0;
  ASSERT_TRUE(eventually([&] {
    served_by(taker, ++number);
    return extra > 0;
  }));
  EXPECT_TRUE(eventually([&] { return taker.taker_of(2, 1).has_value(); }));
  EXPECT_EQ(taker.taker_of(2, 1), taker.thread());
}

TEST(Feed, AWakeDuringALentTurnReachesTheTaker) {
  Feed feed(
      kMuch, [] {}, kAtOnce);
  std::atomic<bool> lent{false};
  const Feed::Turn turn = [&] {
    feed.take(milliseconds(0), kMuch);
    feed.wake();
    lent = true;
  };
  std::atomic<bool> returned{false};
  std::thread taker([&] {
    while (!lent) feed.take(hours(1), kMuch, &turn);
    returned = true;
  });
  PacketId number = 0;
  EXPECT_TRUE(eventually([&] {
    if (!lent) feed.put_and_serve(commands(1, ++number));
    return returned.load();
  }));
  taker.join();
}

/// The taker's time may run out while somebody else has its turn.
TEST(Feed, ATakerDoesNotReturnWhileItsTurnIsLent) {
  Feed feed(
      kMuch, [] {}, kAtOnce);
  std::atomic<bool> in_turn{false};
  std::atomic<bool> overlapped{false};
  std::atomic<int> turns{0};
  const Feed::Turn turn = [&] {
    in_turn = true;
    feed.take(milliseconds(0), kMuch);
    const auto until = std::chrono::steady_clock::now() + milliseconds(3);
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    in_turn = false;
    ++turns;
  };
  std::atomic<bool> stopping{false};
  std::thread taker([&] {
    while (!stopping) {
      feed.take(milliseconds(1), kMuch, &turn);
      if (in_turn) overlapped = true;
    }
  });
  PacketId number = 0;
  EXPECT_TRUE(eventually([&] {
    feed.put_and_serve(commands(1, ++number));
    return turns >= 20;
  }));
  stopping = true;
  feed.wake();
  taker.join();
  EXPECT_FALSE(overlapped);
}

TEST(Feed, ManyWhoServeTakeEachThingOnceAndInOrder) {
  constexpr std::size_t kThreads = 4;
  constexpr PacketId kEach = 2'000;
  Taker taker(kAtOnce);
  std::vector<std::thread> threads;
  for (std::uint64_t from = 1; from <= kThreads; ++from) {
    threads.emplace_back([&taker, from] {
      for (PacketId number = 1; number <= kEach; ++number) {
        number % 3 == 0 ? taker.feed().put(commands(from, number))
                        : taker.feed().put_and_serve(commands(from, number));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(eventually([&] { return taker.taken() == kThreads * kEach; }));
  EXPECT_FALSE(taker.went_wrong());
}

}  // namespace
}  // namespace inboxd::mqtt
