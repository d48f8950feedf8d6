#include "rabbitmq/consumer.hpp"

#include <utility>

#include "rabbitmq/errors.hpp"
#include "rabbitmq/topology.hpp"

namespace inboxd::rabbitmq {
namespace {

using Progress = DeliveryAssembler::Progress;

/// Between two probes. Nothing waits for them but memory, so they need not cost a frame for each batch.
constexpr std::chrono::milliseconds kProbeInterval{20};

}  // namespace

Result<Consumer, BrokerError> Consumer::start(Link link, const Settings& settings,
                                              SteadyClock::time_point deadline) {
  return start_consumers(link, settings.prefetch, deadline).map([&] {
    return Consumer(std::move(link), settings);
  });
}

Result<std::size_t, BrokerError> Consumer::read(std::size_t room, std::vector<Delivery>& into) {
  std::size_t taken = 0;
  amqp_frame_t frame{};
  while (taken < room) {
    auto more = link_.read(frame);
    if (!more) return Failure<BrokerError>(std::move(more.error()));
    holds_more_ = *more;
    if (!holds_more_) break;
    auto progress = handle(frame);
    if (!progress) return Failure<BrokerError>(std::move(progress.error()));
    if (*progress == Progress::kComplete) {
      into.push_back(assembler_.take());
      taken += into.back().payload.size();
    }
    link_.release();
  }
  return taken;
}

Result<Progress, BrokerError> Consumer::handle(const amqp_frame_t& frame) {
  Progress progress = Progress::kOutOfPlace;
  switch (frame.frame_type) {
    case AMQP_FRAME_METHOD: {
      auto handled = handle(frame.payload.method);
      if (!handled) return handled;
      progress = *handled;
      break;
    }
    case AMQP_FRAME_HEADER:
      progress = assembler_.header(frame);
      break;
    case AMQP_FRAME_BODY:
      progress = assembler_.body(frame);
      break;
    default:
      break;
  }
  if (progress != Progress::kOutOfPlace) return progress;
  return Failure<BrokerError>(BrokerError{BrokerError::Kind::kLost, link_.name() + ": a frame out of place"});
}

Result<Progress, BrokerError> Consumer::handle(const amqp_method_t& method) {
  switch (method.id) {
    case AMQP_BASIC_DELIVER_METHOD:
      return assembler_.begin(*static_cast<const amqp_basic_deliver_t*>(method.decoded));
    case AMQP_BASIC_QOS_OK_METHOD:
      acknowledged_ = probed_;
      return Progress::kMore;
    case AMQP_CONNECTION_BLOCKED_METHOD:
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
      return Progress::kMore;  // it concerns publishers, and this link publishes nothing
    default:
      return Failure<BrokerError>(link_.unexpected(method));
  }
}

Result<void, BrokerError> Consumer::acknowledge(std::uint64_t tag, SteadyClock::time_point now) {
  // The broker closes the channel over a tag that it does not await.
  if (tag <= sent_) return {};
  std::optional<Cork> cork;
  if (probe_is_free() && now >= next_probe_) cork.emplace(link_.fd());
  if (auto done = link_.written(amqp_basic_ack(link_.state(), kChannel, tag, /*multiple=*/1)); !done)
    return done;
  sent_ = tag;
  return probe(now);
}

Result<void, BrokerError> Consumer::probe(SteadyClock::time_point now) {
  if (!wants_probe() || now < next_probe_) return {};
  // The broker handles a channel's methods in their order, so the answer to any of them says that the
  // acknowledgements before it have arrived. This one changes nothing.
  amqp_basic_qos_t qos{};
  qos.prefetch_count = prefetch_;
  if (auto done = link_.written(amqp_send_method(link_.state(), kChannel, AMQP_BASIC_QOS_METHOD, &qos));
      !done) {
    return done;
  }
  probed_ = sent_;
  next_probe_ = now + kProbeInterval;
  return {};
}

std::optional<SteadyClock::time_point> Consumer::probe_due() const noexcept {
  if (!wants_probe()) return std::nullopt;
  return next_probe_;
}

}  // namespace inboxd::rabbitmq
