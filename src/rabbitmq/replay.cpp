#include "rabbitmq/replay.hpp"

#include <utility>

#include "rabbitmq/errors.hpp"
#include "rabbitmq/topology.hpp"

namespace inboxd::rabbitmq {
namespace {

struct Opened {
  Address address;
  Link link;
};

/// At the first address that answers; the error is that of the last.
Result<Opened, BrokerError> open_any(const Settings& settings, const std::string& name) {
  const Credentials credentials = settings.credentials ? settings.credentials() : Credentials{};
  BrokerError failed{BrokerError::Kind::kUnreachable, "no broker is configured"};
  for (const Address& address : settings.addresses) {
    auto link =
        Link::open(settings, address, credentials, name, SteadyClock::now() + settings.connect_timeout);
    if (link) return Opened{address, std::move(*link)};
    failed = {link.error().kind, to_string(address) + ": " + link.error().message};
  }
  return Failure<BrokerError>(std::move(failed));
}

BrokerError lost(std::string message) { return {BrokerError::Kind::kLost, std::move(message)}; }

}  // namespace

Result<Address, BrokerError> probe(const Settings& settings) {
  auto opened = open_any(settings, "inboxd check");
  if (!opened) return Failure<BrokerError>(std::move(opened.error()));
  opened->link.close(SteadyClock::now() + settings.connect_timeout);
  return std::move(opened->address);
}

Result<Replayer, BrokerError> Replayer::connect(const Settings& settings) {
  auto opened = open_any(settings, "inboxd replay");
  if (!opened) return Failure<BrokerError>(std::move(opened.error()));
  Replayer replayer(std::move(opened->link), settings.connect_timeout);
  replayer.link_.bound_request(SteadyClock::now() + replayer.timeout_);
  amqp_confirm_select(replayer.link_.state(), kChannel);
  return check_reply(amqp_get_rpc_reply(replayer.link_.state()), "turning on publisher confirms").map([&] {
    return std::move(replayer);
  });
}

Result<void, BrokerError> Replayer::replay(const DeadLetter& letter) {
  amqp_table_entry_t header{};
  header.key = to_bytes(kReplayHeader);
  header.value.kind = AMQP_FIELD_KIND_UTF8;
  header.value.value.bytes = to_bytes(letter.id);
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_HEADERS_FLAG;
  properties.content_type = to_bytes("application/json");
  properties.delivery_mode = kPersistent;
  properties.headers = {1, &header};
  // Mandatory: a key that no queue is bound to must come back, or the broker would confirm it and drop it.
  auto sent = link_.written(
      amqp_basic_publish(link_.state(), kChannel, to_bytes(kExchange), to_bytes(letter.routing_key),
                         /*mandatory=*/1, /*immediate=*/0, &properties, to_bytes(letter.payload)));
  if (!sent) return sent;
  return await_confirm();
}

Result<void, BrokerError> Replayer::await_confirm() {
  const auto deadline = SteadyClock::now() + timeout_;
  amqp_frame_t frame{};
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::microseconds>(deadline - SteadyClock::now()).count();
    if (left <= 0) return Failure<BrokerError>(lost("the broker did not confirm in time"));
    const timeval wait{left / 1'000'000, left % 1'000'000};
    link_.release_all();
    const int status = amqp_simple_wait_frame_noblock(link_.state(), &frame, &wait);
    if (status == AMQP_STATUS_TIMEOUT) continue;
    if (status != AMQP_STATUS_OK) return Failure<BrokerError>(lost_error(status, link_.name()));
    if (frame.frame_type != AMQP_FRAME_METHOD) continue;
    const amqp_method_t& method = frame.payload.method;
    switch (method.id) {
      case AMQP_BASIC_ACK_METHOD:
        return {};
      case AMQP_BASIC_RETURN_METHOD:
        return Failure<BrokerError>(lost("no queue on the broker is bound to this key"));
      case AMQP_BASIC_NACK_METHOD:
        return Failure<BrokerError>(lost("the broker could not take it"));
      case AMQP_CONNECTION_BLOCKED_METHOD:
        return Failure<BrokerError>(lost("the broker asked publishers to pause"));
      case AMQP_CONNECTION_UNBLOCKED_METHOD:
        break;
      default:
        return Failure<BrokerError>(link_.unexpected(method));
    }
  }
}

void Replayer::close() noexcept { link_.close(SteadyClock::now() + timeout_); }

}  // namespace inboxd::rabbitmq
