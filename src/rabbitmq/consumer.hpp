#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "rabbitmq/assembler.hpp"
#include "rabbitmq/link.hpp"

namespace inboxd::rabbitmq {

/// The session's consuming half: deliveries in, acknowledgements out. For one thread.
class Consumer {
 public:
  /// Starts to consume the queues over the link.
  static Result<Consumer, BrokerError> start(Link link, const Settings& settings,
                                             SteadyClock::time_point deadline);

  /// Appends what has arrived, until what it appended holds `room` bytes of payload or more. Returns that
  /// size.
  Result<std::size_t, BrokerError> read(std::size_t room, std::vector<Delivery>& into);

  /// Whether read() left something behind, so that the socket alone cannot tell.
  bool holds_more() const noexcept { return holds_more_; }
  /// Lets the next read() look in any case: the library checks the broker's heartbeats only then.
  void look_again() noexcept { holds_more_ = true; }

  Result<void, BrokerError> acknowledge(std::uint64_t tag, SteadyClock::time_point now);
  std::uint64_t acknowledged() const noexcept { return acknowledged_; }

  /// Asks the broker for a sign that the acknowledgements have reached it, where one is wanted and due.
  Result<void, BrokerError> probe(SteadyClock::time_point now);
  /// When probe() has something to do; nothing while it waits for the broker or for acknowledge().
  std::optional<SteadyClock::time_point> probe_due() const noexcept;

  Link& link() noexcept { return link_; }

 private:
  Consumer(Link link, const Settings& settings)
      : link_(std::move(link)), assembler_(settings.payload_limit), prefetch_(settings.prefetch) {}

  Result<DeliveryAssembler::Progress, BrokerError> handle(const amqp_frame_t& frame);
  Result<DeliveryAssembler::Progress, BrokerError> handle(const amqp_method_t& method);
  bool probe_is_free() const noexcept { return probed_ <= acknowledged_; }
  bool wants_probe() const noexcept { return probe_is_free() && sent_ > acknowledged_; }

  Link link_;
  DeliveryAssembler assembler_;
  std::uint16_t prefetch_;
  bool holds_more_ = true;
  std::uint64_t sent_ = 0;    ///< the highest tag in an acknowledgement sent
  std::uint64_t probed_ = 0;  ///< `sent_` when the last probe went out; unanswered while above acknowledged_
  std::uint64_t acknowledged_ = 0;  ///< `probed_` of the last probe answered
  SteadyClock::time_point next_probe_{};
};

}  // namespace inboxd::rabbitmq
