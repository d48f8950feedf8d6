#include "rabbitmq/session.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace inboxd::rabbitmq {
namespace {

/// Where the link has no heartbeats, it is still looked after now and then.
constexpr std::chrono::seconds kIdleBeat{20};

constexpr std::chrono::milliseconds kFarewell{400};

/// Keeps the arithmetic on any `wait` within its range.
constexpr std::chrono::milliseconds kLongestWait = std::chrono::hours(24);

/// A third of the shorter link's interval: the broker wants one within two.
SteadyClock::duration beat_of(std::chrono::seconds heartbeat) {
  return heartbeat.count() > 0 ? SteadyClock::duration(heartbeat) / 3 : kIdleBeat;
}

int milliseconds_until(SteadyClock::time_point deadline) {
  constexpr std::chrono::milliseconds kMost{60'000};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
  return static_cast<int>(std::clamp(left, std::chrono::milliseconds(0), kMost).count());
}

bool has_failed(short events) { return (events & (POLLERR | POLLHUP | POLLRDHUP | POLLNVAL)) != 0; }

}  // namespace

/// What wait_until() found.
struct RabbitSession::Ready {
  bool publisher = false;
  bool consumer = false;
  bool consumer_failed = false;
  bool woken = false;
};

/// What poll() waits to see change.
struct RabbitSession::Progress {
  std::size_t deliveries;
  std::uint64_t confirmed;
  std::uint64_t acknowledged;
  bool blocked;
  bool operator==(const Progress&) const = default;
};

RabbitSession::RabbitSession(Publisher publisher, std::optional<Consumer> consumer,
                             std::optional<SteadyClock::time_point> renew_at)
    : publisher_(std::move(publisher)),
      consumer_(std::move(consumer)),
      renew_at_(renew_at),
      beat_(beat_of(publisher_.link().heartbeat())),
      next_beat_(SteadyClock::now() + beat_) {}

RabbitSession::~RabbitSession() {
  if (lost_) return;
  if (consumer_) consumer_->link().close(SteadyClock::now() + kFarewell);
  publisher_.link().close(SteadyClock::now() + kFarewell);
}

template <class T>
Result<T, BrokerError> RabbitSession::remember(Result<T, BrokerError> result) {
  if (!result && !lost_) lost_ = result.error();
  return result;
}

Result<void, BrokerError> RabbitSession::poll(std::chrono::milliseconds wait, std::size_t room,
                                              std::vector<Delivery>& into) {
  if (lost_) return Failure<BrokerError>(*lost_);
  const auto deadline = SteadyClock::now() + std::min(wait, kLongestWait);
  const Progress before = snapshot(into);
  for (;;) {
    const bool take = consumer_ && room > 0;
    if (auto alive = remember(keep_alive(SteadyClock::now())); !alive) return alive;
    const bool at_once = take && consumer_->holds_more();
    const Ready ready = wait_until(at_once ? SteadyClock::time_point{} : deadline, take);
    if (auto served = remember(serve(ready, room, into)); !served) return served;
    if (ready.woken || snapshot(into) != before || SteadyClock::now() >= deadline) return {};
  }
}

RabbitSession::Progress RabbitSession::snapshot(const std::vector<Delivery>& into) const noexcept {
  return {into.size(), confirmed(), acknowledged(), blocked()};
}

Result<void, BrokerError> RabbitSession::keep_alive(SteadyClock::time_point now) {
  if (consumer_) {
    if (auto done = consumer_->probe(now); !done) return done;
  }
  if (now < next_beat_) return {};
  next_beat_ = now + beat_;
  // The library sends heartbeats only while it reads, and notices only then that the broker's fail to come.
  if (consumer_ && consumer_->link().heartbeat().count() > 0) {
    if (auto done = consumer_->link().send_heartbeat(); !done) return done;
  }
  if (publisher_.link().heartbeat().count() > 0) {
    if (auto done = publisher_.link().send_heartbeat(); !done) return done;
  }
  publisher_.link().release_all();
  if (consumer_) {
    consumer_->link().release_all();
    consumer_->look_again();
  }
  return publisher_.read();
}

RabbitSession::Ready RabbitSession::wait_until(SteadyClock::time_point deadline, bool take) {
  deadline = std::min(deadline, next_beat_);
  if (consumer_) deadline = std::min(deadline, consumer_->probe_due().value_or(deadline));

  const int publish_events = publisher_.waiting() ? POLLIN | POLLOUT : POLLIN;
  const int consume_events = take ? POLLIN | POLLRDHUP : POLLRDHUP;
  // A negative descriptor is passed over.
  std::array<pollfd, 3> wanted{
      pollfd{.fd = publisher_.link().fd(), .events = static_cast<short>(publish_events), .revents = 0},
      pollfd{.fd = consumer_ ? consumer_->link().fd() : -1,
             .events = static_cast<short>(consume_events),
             .revents = 0},
      pollfd{.fd = waker_.fd(), .events = POLLIN, .revents = 0}};
  // An interruption is as good as a time-out: the caller looks at its deadline.
  if (::poll(wanted.data(), wanted.size(), milliseconds_until(deadline)) <= 0) return {};
  Ready ready{.publisher = wanted[0].revents != 0,
              .consumer = (wanted[1].revents & POLLIN) != 0,
              .consumer_failed = has_failed(wanted[1].revents),
              .woken = wanted[2].revents != 0};
  if (ready.woken) waker_.clear();
  return ready;
}

Result<void, BrokerError> RabbitSession::serve(const Ready& ready, std::size_t room,
                                               std::vector<Delivery>& into) {
  if (ready.publisher) {
    if (auto done = publisher_.read(); !done) return done;
    if (auto done = publisher_.flush(); !done) return done;
  }
  if (!consumer_) return {};
  if (room > 0 && (ready.consumer || ready.consumer_failed || consumer_->holds_more())) {
    auto taken = consumer_->read(room, into);
    if (!taken) return Failure<BrokerError>(std::move(taken.error()));
  } else if (ready.consumer_failed) {
    return Failure<BrokerError>(BrokerError{BrokerError::Kind::kLost,
                                            consumer_->link().name() + ": the broker closed the connection"});
  }
  return {};
}

Result<std::uint64_t, BrokerError> RabbitSession::publish(std::span<const Publication> publications) {
  if (lost_) return Failure<BrokerError>(*lost_);
  return remember(publisher_.publish(publications));
}

Result<void, BrokerError> RabbitSession::acknowledge(std::uint64_t tag) {
  if (lost_) return Failure<BrokerError>(*lost_);
  if (!consumer_) return {};
  return remember(consumer_->acknowledge(tag, SteadyClock::now()));
}

}  // namespace inboxd::rabbitmq
