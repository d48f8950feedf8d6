#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/ports.hpp"

/// The engine's ports as tests want them: a clock that moves when asked, and a broker that keeps RabbitMQ's
/// promises (and no more) in memory.
namespace inboxd::testing {

class FakeClock final : public Clock {
 public:
  Millis now() const override { return now_; }
  SteadyClock::time_point steady() const override {
    return SteadyClock::time_point{} + std::chrono::milliseconds(now_);
  }
  void advance(std::chrono::milliseconds by) { now_ += by.count(); }

 private:
  Millis now_ = 1'700'000'000'000;
};

class FakeEntropy final : public Entropy {
 public:
  std::uint64_t next() override { return state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL; }

 private:
  std::uint64_t state_ = 1;
};

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::span<const LogField>) override {}
};

class CountingProbe final : public Probe {
 public:
  void counted(Outcome outcome) override { ++outcomes[outcome]; }
  void refused(Reason reason) override { ++refusals[reason]; }
  void filtered(std::string_view rule, FilterAction) override { ++matches[std::string(rule)]; }
  void withheld(std::size_t copies) override { withheld_copies += copies; }
  void published(std::size_t count) override { publications += count; }
  void took(Stage, SteadyClock::duration) override {}
  void depths(const Depths&) override {}
  void link(LinkState state, std::string_view why) override { states.emplace_back(state, why); }

  std::map<Outcome, int> outcomes;
  std::map<Reason, int> refusals;
  std::map<std::string, int> matches;
  std::size_t withheld_copies = 0;
  std::size_t publications = 0;
  std::vector<std::pair<LinkState, std::string>> states;
};

/// Queues that survive sessions, and a record of what was published. What a lost session had not acknowledged
/// is delivered again, first and marked.
class FakeBroker final : public Broker {
 public:
  struct Message {
    std::string exchange = "amq.topic";
    std::string routing_key;
    std::string payload;
    Queue queue = Queue::kMessages;
    std::string replay_of;
    bool rerouted = false;
    bool delivered_before = false;
    std::string request;
    std::string client_id;  ///< of an MQTT client of our own, with the packet id that it gave
    std::uint16_t packet_id = 0;
  };

  void send(std::string routing_key, std::string payload) {
    waiting.push_back({.routing_key = std::move(routing_key), .payload = std::move(payload)});
  }

  Result<std::unique_ptr<BrokerSession>, BrokerError> connect() override;

  /// Called before every step that a crash may come between; may throw.
  std::function<void()> on_operation = [] {};
  /// Called by a poll that finds nothing to deliver or confirm.
  std::function<void()> on_idle = [] {};
  /// Whether something else than the engine itself keeps deliveries from being carried out.
  std::function<bool()> holds_up = [] { return false; };
  /// Called by a poll that is about to wait until the engine is woken.
  std::function<void()> on_wait = [] {};
  /// What connect() answers before it succeeds.
  std::deque<BrokerError> refusals;
  std::size_t prefetch = 8;
  bool blocked = false;
  /// Whether a poll that waits has the turn taken by another, as a broker of this process may.
  bool takes_turns = false;

  std::deque<Message> waiting;
  std::size_t unacknowledged = 0;                              ///< delivered, and not acknowledged yet
  std::vector<std::pair<std::string, std::string>> published;  ///< routing key, payload
  std::vector<std::uint64_t> acknowledged;                     ///< tags, as they came
};

class FakeSession final : public BrokerSession {
 public:
  explicit FakeSession(FakeBroker& broker) : broker_(broker) {}

  ~FakeSession() override {
    broker_.unacknowledged = 0;
    for (auto it = unacknowledged_.rbegin(); it != unacknowledged_.rend(); ++it) {
      it->second.delivered_before = true;
      broker_.waiting.push_front(std::move(it->second));
    }
  }
  FakeSession(const FakeSession&) = delete;
  FakeSession& operator=(const FakeSession&) = delete;

  Result<void, BrokerError> poll(std::chrono::milliseconds wait, std::size_t room,
                                 std::vector<Delivery>& into) override {
    bool woken = false;
    if (broker_.takes_turns && turn_ && wait.count() > 0) {
      was_woken_within({});
      turn_();
      woken = was_woken_within({});
      if (!woken) return {};
    }
    broker_.on_operation();
    const bool idle = confirmed_ == sent_ && (broker_.waiting.empty() || room == 0);
    confirmed_ = sent_;
    while (room > 0 && !broker_.waiting.empty() && unacknowledged_.size() < broker_.prefetch) {
      into.push_back(deliver());
      room -= std::min(room, into.back().payload.size());
    }
    broker_.unacknowledged = unacknowledged_.size();
    if (!idle || !into.empty()) return {};
    const bool is_at_it = !unacknowledged_.empty() && !broker_.blocked && !broker_.holds_up();
    if (woken || (wait.count() > 0 && is_at_it && waits_until_woken())) return {};
    broker_.on_idle();
    return {};
  }

  Result<std::uint64_t, BrokerError> publish(std::span<const Publication> publications) override {
    for (const Publication& publication : publications) {
      broker_.on_operation();
      if (publication.routing_key.size() > 255) throw std::length_error("AMQP has no room for this key");
      ++sent_;
      if (publication.request.empty()) {
        broker_.published.emplace_back(publication.routing_key, *publication.payload);
      } else {
        // What claims to be a part of a submission is for the engine's own queue.
        broker_.waiting.push_back({.routing_key = publication.routing_key,
                                   .payload = *publication.payload,
                                   .request = publication.request});
      }
    }
    return sent_;
  }

  std::uint64_t confirmed() const noexcept override { return confirmed_; }

  Result<void, BrokerError> acknowledge(std::uint64_t tag) override {
    broker_.on_operation();
    unacknowledged_.erase(unacknowledged_.begin(), unacknowledged_.upper_bound(tag));
    acknowledged_ = tag;
    broker_.unacknowledged = unacknowledged_.size();
    broker_.acknowledged.push_back(tag);
    return {};
  }

  std::uint64_t acknowledged() const noexcept override { return acknowledged_; }
  bool consuming() const noexcept override { return true; }
  bool blocked() const noexcept override { return broker_.blocked; }
  std::optional<SteadyClock::time_point> renew_at() const noexcept override { return std::nullopt; }
  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_one();
  }
  void lend(const Turn& turn) override { turn_ = turn; }

 private:
  static constexpr std::chrono::seconds kPatience{20};

  bool waits_until_woken() {
    broker_.on_wait();
    return was_woken_within(kPatience);
  }

  bool was_woken_within(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return woken_; });
    return std::exchange(woken_, false);
  }

  Delivery deliver() {
    FakeBroker::Message message = std::move(broker_.waiting.front());
    broker_.waiting.pop_front();
    Delivery delivery{.tag = ++last_tag_,
                      .queue = message.queue,
                      .redelivered = message.delivered_before,
                      .rerouted = message.rerouted,
                      .exchange = message.exchange,
                      .routing_key = message.routing_key,
                      .payload = message.payload,
                      .payload_bytes = message.payload.size(),
                      .replay_of = message.replay_of,
                      .request = message.request,
                      .received_at = {}};
    delivery.client_id = message.client_id;
    delivery.packet_id = message.packet_id;
    unacknowledged_.emplace(last_tag_, std::move(message));
    return delivery;
  }

  FakeBroker& broker_;
  Turn turn_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  std::map<std::uint64_t, FakeBroker::Message> unacknowledged_;
  std::uint64_t last_tag_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t confirmed_ = 0;
  std::uint64_t acknowledged_ = 0;
};

inline Result<std::unique_ptr<BrokerSession>, BrokerError> FakeBroker::connect() {
  on_operation();
  if (!refusals.empty()) {
    BrokerError error = std::move(refusals.front());
    refusals.pop_front();
    return Failure<BrokerError>(std::move(error));
  }
  return std::make_unique<FakeSession>(*this);
}

}  // namespace inboxd::testing
