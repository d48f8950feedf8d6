#include "rabbitmq/broker.hpp"

#include <optional>
#include <utility>

#include "rabbitmq/session.hpp"
#include "rabbitmq/topology.hpp"

namespace inboxd::rabbitmq {
namespace {

using Kind = BrokerError::Kind;

/// One error for the whole round.
BrokerError merged(std::optional<BrokerError> before, BrokerError next) {
  if (!before) return next;
  const bool refused = before->kind == Kind::kRefused || next.kind == Kind::kRefused;
  return {refused ? Kind::kRefused : Kind::kUnreachable, before->message + "; " + next.message};
}

}  // namespace

Result<std::unique_ptr<BrokerSession>, BrokerError> RabbitBroker::connect() {
  const Credentials credentials = settings_.credentials ? settings_.credentials() : Credentials{};
  std::optional<BrokerError> failed;
  for (const Address& address : settings_.addresses) {
    auto session = connect_to(address, credentials);
    if (session) return session;
    session.error().message = to_string(address) + ": " + session.error().message;
    if (session.error().kind == Kind::kStandby) return session;
    failed = merged(std::move(failed), std::move(session.error()));
  }
  return Failure<BrokerError>(failed.value_or(BrokerError{Kind::kUnreachable, "no broker is configured"}));
}

Result<std::unique_ptr<BrokerSession>, BrokerError> RabbitBroker::connect_to(
    const Address& address, const Credentials& credentials) const {
  const auto deadline = SteadyClock::now() + settings_.connect_timeout;
  auto publish_link = Link::open(settings_, address, credentials, "inboxd publish", deadline);
  if (!publish_link) return Failure<BrokerError>(std::move(publish_link.error()));
  if (auto declared = declare_topology(*publish_link, settings_.topics, deadline); !declared) {
    return Failure<BrokerError>(std::move(declared.error()));
  }
  auto publisher = Publisher::start(*std::move(publish_link), deadline);
  if (!publisher) return Failure<BrokerError>(std::move(publisher.error()));
  if (!settings_.consume) {
    return std::make_unique<RabbitSession>(*std::move(publisher), std::nullopt, credentials.renew_at);
  }

  auto consumer =
      Link::open(settings_, address, credentials, "inboxd consume", deadline).and_then([&](Link&& link) {
        return Consumer::start(std::move(link), settings_, deadline);
      });
  if (!consumer) return Failure<BrokerError>(std::move(consumer.error()));
  return std::make_unique<RabbitSession>(*std::move(publisher), *std::move(consumer), credentials.renew_at);
}

}  // namespace inboxd::rabbitmq
