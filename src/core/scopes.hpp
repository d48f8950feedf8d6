#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/id.hpp"
#include "core/topic.hpp"

/// What a token lets its bearer do on the broker, in the words of RabbitMQ's OAuth2 plugin (PROTOCOL 10):
/// `rabbitmq.{read|write|configure}:{vhost}/{resource}[/{routing key}]`. `*` is the plugin's only wildcard,
/// and matches dots too.
namespace inboxd {

/// `text` as part of a scope that can only mean itself: every byte but letters, digits and `-._~` is
/// percent-encoded, so that no wildcard, separator or blank in it survives.
std::string scope_literal(std::string_view text);

enum class Right { kRead, kWrite };

/// Keys on which every client may hear, or publish: `{head}{its user}.{tail}`.
struct ClientKeys {
  Right right = Right::kRead;
  std::string head;       ///< literal; ends in a dot, so that no id is a prefix of another's
  std::string_view tail;  ///< with `*` for anything, dots too; of static storage
};

/// For the enabled layouts: all of the client's inbox to hear, and to publish only what a client has to say,
/// so that it cannot forge a delivery to itself either.
std::vector<ClientKeys> client_keys(const Topics& topics);

/// A client's rights on its own client_keys() and no others.
std::vector<std::string> strict_client_scopes(std::string_view vhost, const Topics& topics,
                                              const PartyId& user);

/// The ecosystem's usual scopes, the path layout's forms added where it is enabled. They name no exchange:
/// whoever holds them can consume the engine's queues over AMQP, that is, read everybody's mail.
std::vector<std::string> legacy_client_scopes(const Topics& topics, const PartyId& user);

/// Everything in one virtual host: the engine's own rights.
std::vector<std::string> service_scopes(std::string_view vhost);

}  // namespace inboxd
