#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"
#include "engine/ports.hpp"
#include "rabbitmq/link.hpp"

namespace inboxd::rabbitmq {

/// Logs in at the first address that answers, and takes leave again: nothing is declared, bound or consumed.
/// Blocks for at most the connect timeout an address.
Result<Address, BrokerError> probe(const Settings& settings);

/// Puts dead letters before the engine again. For one thread.
class Replayer {
 public:
  /// As probe(), but stays.
  static Result<Replayer, BrokerError> connect(const Settings& settings);

  /// Publishes the payload, persistent, to amq.topic under the letter's own routing key, with its id in
  /// kReplayHeader; returns once the broker has taken responsibility for it. After an error, connect again.
  Result<void, BrokerError> replay(const DeadLetter& letter);

  /// Takes leave of the broker.
  void close() noexcept;

 private:
  Replayer(Link link, std::chrono::milliseconds timeout) : link_(std::move(link)), timeout_(timeout) {}

  Result<void, BrokerError> await_confirm();

  Link link_;
  std::chrono::milliseconds timeout_;
};

}  // namespace inboxd::rabbitmq
