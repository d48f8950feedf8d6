#pragma once

#include <optional>
#include <vector>

#include "rabbitmq/consumer.hpp"
#include "rabbitmq/handles.hpp"
#include "rabbitmq/publisher.hpp"

namespace inboxd::rabbitmq {

/// Two connections: one consumes, one publishes, so that a broker that holds up its publishers goes on taking
/// acknowledgements, and so that taking no deliveries (which AMQP cannot ask for in bytes) is simply not
/// reading.
class RabbitSession final : public BrokerSession {
 public:
  /// Without a consumer it publishes only.
  RabbitSession(Publisher publisher, std::optional<Consumer> consumer,
                std::optional<SteadyClock::time_point> renew_at);
  /// Takes leave of the broker where the links still work; takes a second at most.
  ~RabbitSession() override;
  RabbitSession(const RabbitSession&) = delete;
  RabbitSession& operator=(const RabbitSession&) = delete;

  Result<void, BrokerError> poll(std::chrono::milliseconds wait, std::size_t room,
                                 std::vector<Delivery>& into) override;
  Result<std::uint64_t, BrokerError> publish(std::span<const Publication> publications) override;
  std::uint64_t confirmed() const noexcept override { return publisher_.confirmed(); }
  Result<void, BrokerError> acknowledge(std::uint64_t tag) override;
  std::uint64_t acknowledged() const noexcept override { return consumer_ ? consumer_->acknowledged() : 0; }
  bool consuming() const noexcept override { return consumer_.has_value(); }
  bool blocked() const noexcept override { return publisher_.blocked(); }
  std::optional<SteadyClock::time_point> renew_at() const noexcept override { return renew_at_; }
  void wake() noexcept override { waker_.wake(); }

 private:
  struct Ready;
  struct Progress;

  Result<void, BrokerError> keep_alive(SteadyClock::time_point now);
  Ready wait_until(SteadyClock::time_point deadline, bool take);
  Result<void, BrokerError> serve(const Ready& ready, std::size_t room, std::vector<Delivery>& into);
  Progress snapshot(const std::vector<Delivery>& into) const noexcept;

  /// Remembers the first error, which every later call then returns.
  template <class T>
  Result<T, BrokerError> remember(Result<T, BrokerError> result);

  Publisher publisher_;
  std::optional<Consumer> consumer_;
  std::optional<SteadyClock::time_point> renew_at_;
  Waker waker_;
  std::optional<BrokerError> lost_;
  SteadyClock::duration beat_;  ///< between two heartbeats of ours
  SteadyClock::time_point next_beat_;
};

}  // namespace inboxd::rabbitmq
