#include "rabbitmq/topology.hpp"

#include <string>
#include <vector>

#include "rabbitmq/errors.hpp"

namespace inboxd::rabbitmq {
namespace {

Result<void, BrokerError> declare_queue(Link& link, Queue queue, const std::vector<std::string>& keys,
                                        SteadyClock::time_point deadline) {
  const std::string_view name = queue_name(queue);
  link.bound_request(deadline);
  amqp_queue_declare(link.state(), kChannel, to_bytes(name), /*passive=*/0, /*durable=*/1, /*exclusive=*/0,
                     /*auto_delete=*/0, amqp_empty_table);
  auto declared = check_reply(amqp_get_rpc_reply(link.state()), "declaring the queue " + std::string(name));
  for (const std::string& key : keys) {
    if (!declared) break;
    link.bound_request(deadline);
    amqp_queue_bind(link.state(), kChannel, to_bytes(name), to_bytes(kExchange), to_bytes(key),
                    amqp_empty_table);
    declared = check_reply(amqp_get_rpc_reply(link.state()),
                           "binding the queue " + std::string(name) + " to " + key);
  }
  return declared;
}

Result<void, BrokerError> consume(Link& link, Queue queue, SteadyClock::time_point deadline) {
  const std::string_view name = queue_name(queue);
  link.bound_request(deadline);
  amqp_basic_consume(link.state(), kChannel, to_bytes(name), to_bytes(name), /*no_local=*/0, /*no_ack=*/0,
                     /*exclusive=*/1, amqp_empty_table);
  return check_reply(amqp_get_rpc_reply(link.state()), "consuming the queue " + std::string(name));
}

}  // namespace

Result<void, BrokerError> declare_topology(Link& link, const Topics& topics,
                                           SteadyClock::time_point deadline) {
  return declare_queue(link, Queue::kMessages, messages_bindings(topics), deadline)
      .and_then([&] { return declare_queue(link, Queue::kPersist, persist_bindings(topics), deadline); })
      .and_then([&] {
        // The reference engine's own: what it left there is taken over, and nothing is bound to it.
        return declare_queue(link, Queue::kWebhooks, {}, deadline);
      });
}

Result<void, BrokerError> start_consumers(Link& link, std::uint16_t prefetch,
                                          SteadyClock::time_point deadline) {
  link.bound_request(deadline);
  amqp_basic_qos(link.state(), kChannel, /*prefetch_size=*/0, prefetch, /*global=*/0);
  // The library keeps what arrives before the second answer, so the queues that hold less come first.
  return check_reply(amqp_get_rpc_reply(link.state()), "setting the prefetch window")
      .and_then([&] { return consume(link, Queue::kWebhooks, deadline); })
      .and_then([&] { return consume(link, Queue::kPersist, deadline); })
      .and_then([&] { return consume(link, Queue::kMessages, deadline); });
}

}  // namespace inboxd::rabbitmq
