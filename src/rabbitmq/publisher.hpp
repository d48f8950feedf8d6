#pragma once

#include <cstdint>
#include <deque>
#include <span>

#include "rabbitmq/confirms.hpp"
#include "rabbitmq/link.hpp"

namespace inboxd::rabbitmq {

/// The session's publishing half: publications out, confirms in. For one thread.
class Publisher {
 public:
  /// The link's channel must be without use so far. Puts it into confirm mode.
  static Result<Publisher, BrokerError> start(Link link, SteadyClock::time_point deadline);

  /// Sends as much as the socket takes without blocking for long, and keeps the rest for flush(): a broker
  /// that reads slowly must not hold up the acknowledgements. What is kept is never more than what is
  /// unconfirmed, which is the caller's to bound.
  Result<std::uint64_t, BrokerError> publish(std::span<const Publication> publications);

  Result<void, BrokerError> flush();
  bool waiting() const noexcept { return !waiting_.empty(); }

  /// Takes in what the broker has said so far.
  Result<void, BrokerError> read();

  std::uint64_t confirmed() const noexcept { return tracker_.confirmed(); }
  bool blocked() const noexcept { return blocked_; }
  Link& link() noexcept { return link_; }

 private:
  explicit Publisher(Link link) : link_(std::move(link)) {}

  bool has_room_for(std::size_t bytes);
  Result<void, BrokerError> send(const Publication& publication);
  Result<void, BrokerError> handle(const amqp_frame_t& frame);

  Link link_;
  ConfirmTracker tracker_;
  std::deque<Publication> waiting_;
  std::size_t unchecked_bytes_ = 0;  ///< sent since the socket was last asked whether it takes more
  bool blocked_ = false;
};

}  // namespace inboxd::rabbitmq
