#include "rabbitmq/assembler.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "rabbitmq/errors.hpp"
#include "rabbitmq/topology.hpp"

namespace inboxd::rabbitmq {
namespace {

/// Set by the broker alone, on what it moves from one queue to another; it overwrites a publisher's.
constexpr std::string_view kDeathHeader = "x-death";

void read_headers(const amqp_basic_properties_t& properties, Delivery& delivery) {
  if ((properties._flags & AMQP_BASIC_HEADERS_FLAG) == 0) return;
  for (int i = 0; i < properties.headers.num_entries; ++i) {
    const amqp_table_entry_t& entry = properties.headers.entries[i];
    const std::string_view key = to_view(entry.key);
    if (key == kDeathHeader) delivery.rerouted = true;
    if (entry.value.kind != AMQP_FIELD_KIND_UTF8) continue;
    if (key == kReplayHeader) delivery.replay_of = to_view(entry.value.value.bytes);
    if (key == kRequestHeader) delivery.request = to_view(entry.value.value.bytes);
  }
}

/// Consumers are named for their queues.
Queue queue_of(std::string_view consumer) {
  for (const Queue queue : {Queue::kPersist, Queue::kWebhooks}) {
    if (consumer == queue_name(queue)) return queue;
  }
  return Queue::kMessages;
}

}  // namespace

DeliveryAssembler::Progress DeliveryAssembler::begin(const amqp_basic_deliver_t& method) {
  if (expected_ != Expected::kMethod) return Progress::kOutOfPlace;
  delivery_.tag = method.delivery_tag;
  delivery_.queue = queue_of(to_view(method.consumer_tag));
  delivery_.redelivered = method.redelivered != 0;
  delivery_.exchange = to_view(method.exchange);
  delivery_.routing_key = to_view(method.routing_key);
  expected_ = Expected::kHeader;
  return Progress::kMore;
}

DeliveryAssembler::Progress DeliveryAssembler::header(const amqp_frame_t& frame) {
  if (expected_ != Expected::kHeader || frame.payload.properties.class_id != AMQP_BASIC_CLASS) {
    return Progress::kOutOfPlace;
  }
  read_headers(*static_cast<const amqp_basic_properties_t*>(frame.payload.properties.decoded), delivery_);
  delivery_.payload_bytes = frame.payload.properties.body_size;
  delivery_.payload.reserve(std::min<std::uint64_t>(delivery_.payload_bytes, limit_));
  received_ = 0;
  expected_ = Expected::kBody;
  return progress();
}

DeliveryAssembler::Progress DeliveryAssembler::body(const amqp_frame_t& frame) {
  const std::string_view bytes = to_view(frame.payload.body_fragment);
  if (expected_ != Expected::kBody || bytes.size() > delivery_.payload_bytes - received_)
    return Progress::kOutOfPlace;
  delivery_.payload.append(bytes.substr(0, limit_ - delivery_.payload.size()));
  received_ += bytes.size();
  return progress();
}

DeliveryAssembler::Progress DeliveryAssembler::progress() {
  return received_ == delivery_.payload_bytes ? Progress::kComplete : Progress::kMore;
}

Delivery DeliveryAssembler::take() {
  expected_ = Expected::kMethod;
  delivery_.received_at = SteadyClock::now();
  return std::exchange(delivery_, Delivery{});
}

}  // namespace inboxd::rabbitmq
