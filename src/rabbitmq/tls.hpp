#pragma once

#include <amqp.h>

#include "core/result.hpp"
#include "engine/ports.hpp"
#include "rabbitmq/settings.hpp"

namespace inboxd::rabbitmq {

/// A TLS socket for the connection, which owns it, not yet opened: TLS 1.2 or newer, checked as `tls` says.
/// Fails with kRefused where a file cannot be used.
Result<amqp_socket_t*, BrokerError> new_tls_socket(amqp_connection_state_t connection, const Address& address,
                                                   const Tls& tls);

}  // namespace inboxd::rabbitmq
