#include "contract/rabbitmq/client.hpp"

#include <stdexcept>

#include "contract/rabbitmq/node.hpp"
#include "rabbitmq/errors.hpp"

namespace inboxd::test {
namespace {

using rabbitmq::kChannel;
using rabbitmq::to_bytes;

SteadyClock::time_point soon() { return SteadyClock::now() + std::chrono::seconds(10); }

rabbitmq::Link open(std::uint16_t port) {
  auto link =
      rabbitmq::Link::open(rabbitmq::Settings{}, {"127.0.0.1", port}, {kUser, kPassword, {}}, "test", soon());
  if (!link) throw std::runtime_error(link.error().message);
  return *std::move(link);
}

}  // namespace

Client::Client(std::uint16_t port) : link_(open(port)) {}

void Client::check(const std::string& what) {
  const auto done = rabbitmq::check_reply(amqp_get_rpc_reply(link_.state()), what);
  if (!done) throw std::runtime_error(done.error().message);
}

void Client::publish(const std::string& key, const std::string& payload, const std::string& exchange,
                     const std::string& replay_of) {
  amqp_table_entry_t header{};
  header.key = to_bytes(kReplayHeader);
  header.value.kind = AMQP_FIELD_KIND_UTF8;
  header.value.value.bytes = to_bytes(replay_of);
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
  properties.delivery_mode = 2;
  if (!replay_of.empty()) {
    properties._flags |= AMQP_BASIC_HEADERS_FLAG;
    properties.headers = {1, &header};
  }
  if (amqp_basic_publish(link_.state(), kChannel, to_bytes(exchange), to_bytes(key), 0, 0, &properties,
                         to_bytes(payload)) != AMQP_STATUS_OK) {
    throw std::runtime_error("publishing");
  }
}

void Client::declare_queue(const std::string& name, bool durable, bool exclusive) {
  link_.bound_request(soon());
  amqp_queue_declare(link_.state(), kChannel, to_bytes(name), 0, durable ? 1 : 0, exclusive ? 1 : 0, 0,
                     amqp_empty_table);
  check("declaring");
}

void Client::delete_queue(const std::string& name) {
  link_.bound_request(soon());
  amqp_queue_delete(link_.state(), kChannel, to_bytes(name), 0, 0);
  check("deleting");
}

void Client::consume(const std::string& queue) {
  link_.bound_request(soon());
  amqp_basic_consume(link_.state(), kChannel, to_bytes(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  check("consuming");
}

std::string Client::get(const std::string& queue) {
  const auto reply = amqp_basic_get(link_.state(), kChannel, to_bytes(queue), /*no_ack=*/1);
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) throw std::runtime_error("getting");
  if (reply.reply.id == AMQP_BASIC_GET_EMPTY_METHOD) return {};
  amqp_message_t message{};
  if (amqp_read_message(link_.state(), kChannel, &message, 0).reply_type != AMQP_RESPONSE_NORMAL) {
    throw std::runtime_error("reading");
  }
  std::string body(rabbitmq::to_view(message.body));
  amqp_destroy_message(&message);
  return body;
}

void Client::bind(const std::string& queue, const std::string& exchange, const std::string& key) {
  link_.bound_request(soon());
  amqp_queue_bind(link_.state(), kChannel, to_bytes(queue), to_bytes(exchange), to_bytes(key),
                  amqp_empty_table);
  check("binding");
}

}  // namespace inboxd::test
