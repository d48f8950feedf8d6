#pragma once

#include <cstdint>
#include <string_view>

#include "rabbitmq/link.hpp"

/// The names of PROTOCOL 1 on the broker.
namespace inboxd::rabbitmq {

inline constexpr std::string_view kExchange = "amq.topic";

/// The delivery mode of messages that outlive the broker's restart.
inline constexpr std::uint8_t kPersistent = 2;

/// The queue's name; the consumer's tag is the same.
constexpr std::string_view queue_name(Queue queue) {
  switch (queue) {
    case Queue::kMessages:
      return "messages";
    case Queue::kPersist:
      return "persist";
    case Queue::kWebhooks:
      break;
  }
  return "webhooks";
}

/// Declares the queues and binds them. What exists already must have been declared alike.
Result<void, BrokerError> declare_topology(Link& link, const Topics& topics,
                                           SteadyClock::time_point deadline);

/// Consumes the queues, alone. The first deliveries may have arrived when it returns; Link::read() yields
/// them.
Result<void, BrokerError> start_consumers(Link& link, std::uint16_t prefetch,
                                          SteadyClock::time_point deadline);

}  // namespace inboxd::rabbitmq
