#include "mqtt/embedded_broker.hpp"

#include <algorithm>
#include <utility>

#include "mqtt/scope.hpp"

namespace inboxd::mqtt {
namespace {

using std::chrono::milliseconds;

/// Commands handled between two looks at what the engine is to have.
constexpr std::size_t kTurnBytes = std::size_t{2} * 1024 * 1024;
constexpr milliseconds kTimers{200};
/// How soon to look again whether connections have taken what is under way to them.
constexpr milliseconds kBlockedPause{1};

std::string topic_of(std::string_view routing_key) {
  std::string topic(routing_key);
  std::replace(topic.begin(), topic.end(), '.', '/');
  return topic;
}

MessagePtr message_of(const inboxd::Publication& publication) {
  return std::make_shared<const Message>(Message{
      .topic = topic_of(publication.routing_key), .payload = publication.payload, .qos = Qos::kAtLeastOnce});
}

}  // namespace

/// One session of the engine with the broker.
class EmbeddedBroker::Link final : public BrokerSession {
 public:
  explicit Link(EmbeddedBroker& broker) : broker_(broker), next_timers_(broker.clock_.steady()) {
    // In front of what has not been handed out, and in its order.
    for (Arrival& arrival : broker_.unacknowledged_) arrival.redelivered = true;
    while (!broker_.unacknowledged_.empty()) {
      broker_.waiting_.push_front(std::move(broker_.unacknowledged_.back()));
      broker_.unacknowledged_.pop_back();
    }
    for (const Arrival& arrival : broker_.waiting_) waiting_bytes_ += arrival.message->bytes();
  }

  Result<void, BrokerError> poll(milliseconds wait, std::size_t room, std::vector<Delivery>& into) override;
  Result<std::uint64_t, BrokerError> publish(std::span<const inboxd::Publication> publications) override;
  std::uint64_t confirmed() const noexcept override { return published_; }
  Result<void, BrokerError> acknowledge(std::uint64_t tag) override;
  std::uint64_t acknowledged() const noexcept override { return acknowledged_; }
  bool consuming() const noexcept override { return true; }
  bool blocked() const noexcept override {
    return broker_.switchboard_.under_way() >= broker_.settings_.max_under_way;
  }
  std::optional<SteadyClock::time_point> renew_at() const noexcept override { return std::nullopt; }
  void wake() noexcept override { broker_.feed_.wake(); }
  void lend(const Turn& turn) override;

 private:
  void hear(milliseconds wait);
  void collect();
  void hand_out(std::size_t room, std::vector<Delivery>& into);
  Delivery delivery_of(const Arrival& arrival);

  EmbeddedBroker& broker_;
  Turn turn_;
  bool is_lent_ = false;  ///< the turn: what is done by the clock waits for the engine's own thread
  SteadyClock::time_point next_timers_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t last_tag_ = 0;
  std::uint64_t published_ = 0;
  std::uint64_t shown_ = 0;  ///< of published_, when poll() was last called
  std::uint64_t polls_ = 0;
  std::uint64_t acknowledged_ = 0;
};

Result<void, BrokerError> EmbeddedBroker::Link::poll(milliseconds wait, std::size_t room,
                                                     std::vector<Delivery>& into) {
  const bool has_news = published_ != shown_ || (room > 0 && !broker_.waiting_.empty());
  shown_ = published_;
  if (has_news) wait = milliseconds(0);
  const std::uint64_t poll = ++polls_;
  hear(blocked() ? std::min(wait, kBlockedPause) : std::min(wait, kTimers));
  // What a turn that was lent meanwhile took is not in `room`: the caller is to look again.
  if (poll == polls_) hand_out(room, into);
  return {};
}

/// A turn may bring forth what is for the next one: a connection that it ends leaves a will.
void EmbeddedBroker::Link::lend(const Turn& turn) {
  turn_ = nullptr;
  if (!turn) return;
  turn_ = [this, turn] {
    is_lent_ = true;
    turn();
    is_lent_ = false;
    if (!broker_.waiting_.empty()) broker_.feed_.wake();
  };
}

void EmbeddedBroker::Link::hear(milliseconds wait) {
  Hub& hub = *broker_.hub_;
  // While the engine has more to do than it should, what else comes waits where it is.
  if (waiting_bytes_ < broker_.settings_.max_ready && !blocked()) {
    for (Command& command : broker_.feed_.take(wait, kTurnBytes, turn_ ? &turn_ : nullptr))
      hub.handle(std::move(command));
  } else if (wait.count() > 0) {
    broker_.feed_.pause(wait);
  }
  const auto now = broker_.clock_.steady();
  if (now >= next_timers_ && !is_lent_) {
    hub.run_timers();
    next_timers_ = now + kTimers;
  }
  hub.flush();
  collect();
}

void EmbeddedBroker::Link::collect() {
  for (Arrival& arrival : broker_.hub_->take_arrivals()) {
    waiting_bytes_ += arrival.message->bytes();
    broker_.waiting_.push_back(std::move(arrival));
  }
}

void EmbeddedBroker::Link::hand_out(std::size_t room, std::vector<Delivery>& into) {
  std::size_t taken = 0;
  while (!broker_.waiting_.empty() && taken < room) {
    Arrival& arrival = broker_.waiting_.front();
    taken += std::max<std::size_t>(arrival.message->payload->size(), 1);
    waiting_bytes_ -= arrival.message->bytes();
    into.push_back(delivery_of(arrival));
    broker_.unacknowledged_.push_back(std::move(arrival));
    broker_.waiting_.pop_front();
  }
}

Delivery EmbeddedBroker::Link::delivery_of(const Arrival& arrival) {
  Delivery delivery;
  delivery.tag = ++last_tag_;
  delivery.queue = arrival.queue;
  delivery.redelivered = arrival.redelivered || arrival.dup;
  delivery.exchange = kExchange;
  delivery.routing_key = arrival.routing_key;
  delivery.payload = *arrival.message->payload;
  delivery.payload_bytes = delivery.payload.size();
  delivery.replay_of = arrival.replay_of;
  delivery.request = arrival.request;
  delivery.received_at = broker_.clock_.steady();
  if (arrival.packet_id != 0) {
    delivery.client_id = arrival.client_id;
    delivery.packet_id = arrival.packet_id;
  }
  return delivery;
}

Result<std::uint64_t, BrokerError> EmbeddedBroker::Link::publish(
    std::span<const inboxd::Publication> publications) {
  Hub& hub = *broker_.hub_;
  for (const inboxd::Publication& publication : publications) {
    const MessagePtr message = message_of(publication);
    // What the engine says to itself, on others' behalf, takes its place among the rest.
    if (const auto queue = broker_.settings_.hub.heard(publication.routing_key)) {
      hub.arrive({.queue = *queue,
                  .routing_key = publication.routing_key,
                  .message = message,
                  .request = publication.request});
    } else {
      hub.publish(message);
    }
    ++published_;
  }
  hub.flush();
  collect();
  return published_;
}

Result<void, BrokerError> EmbeddedBroker::Link::acknowledge(std::uint64_t tag) {
  for (; acknowledged_ < tag && !broker_.unacknowledged_.empty(); ++acknowledged_) {
    broker_.hub_->committed(broker_.unacknowledged_.front());
    broker_.unacknowledged_.pop_front();
  }
  broker_.hub_->flush();
  collect();
  return {};
}

EmbeddedBroker::EmbeddedBroker(EmbeddedSettings settings, SessionStore& store, Clock& clock,
                               Switchboard& switchboard, Feed& feed, MqttProbe& probe, Log& log)
    : settings_(std::move(settings)),
      store_(store),
      clock_(clock),
      switchboard_(switchboard),
      feed_(feed),
      probe_(probe),
      log_(log) {}

EmbeddedBroker::~EmbeddedBroker() = default;

Result<std::unique_ptr<BrokerSession>, BrokerError> EmbeddedBroker::connect() {
  if (!hub_) {
    hub_.emplace(settings_.hub, store_, clock_, switchboard_, probe_, log_);
    for (const std::string& key : settings_.stale_presence) hub_->forget_presence(key);
  }
  return std::make_unique<Link>(*this);
}

}  // namespace inboxd::mqtt
