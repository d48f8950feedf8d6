#pragma once

#include <memory>

#include "rabbitmq/settings.hpp"

namespace inboxd::rabbitmq {

/// RabbitMQ, at any of the addresses of its cluster. For one thread at a time.
class RabbitBroker final : public Broker {
 public:
  explicit RabbitBroker(Settings settings) : settings_(std::move(settings)) {}

  /// As Broker says. Of several errors it returns the one that tells most: a refusal rather than silence.
  /// kStandby ends the round, for the addresses are of one cluster. Passes on what the credentials' provider
  /// throws.
  Result<std::unique_ptr<BrokerSession>, BrokerError> connect() override;

 private:
  Result<std::unique_ptr<BrokerSession>, BrokerError> connect_to(const Address& address,
                                                                 const Credentials& credentials) const;

  Settings settings_;
};

}  // namespace inboxd::rabbitmq
