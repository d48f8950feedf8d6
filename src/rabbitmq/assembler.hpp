#pragma once

#include <amqp.h>

#include <cstddef>

#include "engine/ports.hpp"

namespace inboxd::rabbitmq {

/// Puts deliveries together from their frames: the method, the header, and as many body frames as it takes.
class DeliveryAssembler {
 public:
  /// `limit`: bytes of payload that are kept of one delivery; the rest is counted and dropped.
  explicit DeliveryAssembler(std::size_t limit) : limit_(limit) {}

  enum class Progress { kMore, kComplete, kOutOfPlace };

  /// Copies what it needs. After kComplete, take() yields the delivery; after kOutOfPlace the stream has no
  /// sense.
  Progress begin(const amqp_basic_deliver_t& method);
  Progress header(const amqp_frame_t& frame);
  Progress body(const amqp_frame_t& frame);

  Delivery take();

 private:
  enum class Expected { kMethod, kHeader, kBody };

  Progress progress();

  std::size_t limit_;
  Expected expected_ = Expected::kMethod;
  std::uint64_t received_ = 0;  ///< payload bytes of the current delivery
  Delivery delivery_;
};

}  // namespace inboxd::rabbitmq
