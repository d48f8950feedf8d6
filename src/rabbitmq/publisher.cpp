#include "rabbitmq/publisher.hpp"

#include <utility>

#include "rabbitmq/errors.hpp"
#include "rabbitmq/topology.hpp"

namespace inboxd::rabbitmq {
namespace {

/// Well below what a socket that says it is writable takes at once.
constexpr std::size_t kBytesBetweenChecks = std::size_t{32} * 1024;

/// Frames and properties of one publication, about.
constexpr std::size_t kEnvelopeBytes = 100;

/// Without headers.
amqp_basic_properties_t make_properties() {
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG;
  properties.content_type = to_bytes("application/json");
  properties.delivery_mode = kPersistent;
  return properties;
}

}  // namespace

Result<Publisher, BrokerError> Publisher::start(Link link, SteadyClock::time_point deadline) {
  link.bound_request(deadline);
  amqp_confirm_select(link.state(), kChannel);
  return check_reply(amqp_get_rpc_reply(link.state()), "turning on publisher confirms").map([&] {
    return Publisher(std::move(link));
  });
}

Result<std::uint64_t, BrokerError> Publisher::publish(std::span<const Publication> publications) {
  const std::uint64_t last = tracker_.publish(publications.size());
  std::size_t sent = 0;
  if (waiting_.empty()) {
    const Cork cork(link_.fd());
    for (; sent < publications.size() && has_room_for(publications[sent].payload->size()); ++sent) {
      if (auto done = send(publications[sent]); !done) return Failure<BrokerError>(std::move(done.error()));
    }
  }
  waiting_.insert(waiting_.end(), publications.begin() + static_cast<std::ptrdiff_t>(sent),
                  publications.end());
  return last;
}

Result<void, BrokerError> Publisher::flush() {
  if (waiting_.empty()) return {};
  const Cork cork(link_.fd());
  while (!waiting_.empty() && has_room_for(waiting_.front().payload->size())) {
    if (auto done = send(waiting_.front()); !done) return done;
    waiting_.pop_front();
  }
  return {};
}

bool Publisher::has_room_for(std::size_t bytes) {
  if (unchecked_bytes_ >= kBytesBetweenChecks) {
    if (!is_writable(link_.fd())) return false;
    unchecked_bytes_ = 0;
  }
  unchecked_bytes_ += bytes + kEnvelopeBytes;
  return true;
}

Result<void, BrokerError> Publisher::send(const Publication& publication) {
  static const amqp_basic_properties_t plain = make_properties();
  amqp_basic_properties_t properties = plain;
  amqp_table_entry_t header{};
  if (!publication.request.empty()) {
    header.key = to_bytes(kRequestHeader);
    header.value.kind = AMQP_FIELD_KIND_UTF8;
    header.value.value.bytes = to_bytes(publication.request);
    properties._flags |= AMQP_BASIC_HEADERS_FLAG;
    properties.headers = {1, &header};
  }
  return link_.written(amqp_basic_publish(link_.state(), kChannel, to_bytes(kExchange),
                                          to_bytes(publication.routing_key), /*mandatory=*/0, /*immediate=*/0,
                                          &properties, to_bytes(*publication.payload)));
}

Result<void, BrokerError> Publisher::read() {
  amqp_frame_t frame{};
  for (;;) {
    auto more = link_.read(frame);
    if (!more) return Failure<BrokerError>(std::move(more.error()));
    if (!*more) return {};
    if (auto done = handle(frame); !done) return done;
    link_.release();
  }
}

Result<void, BrokerError> Publisher::handle(const amqp_frame_t& frame) {
  if (frame.frame_type != AMQP_FRAME_METHOD) {
    return Failure<BrokerError>(
        BrokerError{BrokerError::Kind::kLost, link_.name() + ": a frame out of place"});
  }
  const amqp_method_t& method = frame.payload.method;
  switch (method.id) {
    case AMQP_BASIC_ACK_METHOD: {
      const auto& ack = *static_cast<const amqp_basic_ack_t*>(method.decoded);
      if (tracker_.confirm(ack.delivery_tag, ack.multiple != 0)) return {};
      return Failure<BrokerError>(BrokerError{
          BrokerError::Kind::kLost, link_.name() + ": the broker confirmed what was not published"});
    }
    case AMQP_BASIC_NACK_METHOD:
      return Failure<BrokerError>(
          BrokerError{BrokerError::Kind::kLost, link_.name() + ": the broker could not take a publication"});
    case AMQP_CONNECTION_BLOCKED_METHOD:
      blocked_ = true;
      return {};
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
      blocked_ = false;
      return {};
    default:
      return Failure<BrokerError>(link_.unexpected(method));
  }
}

}  // namespace inboxd::rabbitmq
