#pragma once

#include <amqp.h>

#include <string>
#include <string_view>

#include "core/result.hpp"
#include "engine/ports.hpp"

/// From the C library's and the broker's errors to BrokerError, in one place.
namespace inboxd::rabbitmq {

inline std::string_view to_view(amqp_bytes_t bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

/// Valid as long as `text` is.
inline amqp_bytes_t to_bytes(std::string_view text) {
  // The library never writes through it.
  return {text.size(), const_cast<char*>(text.data())};
}

/// While connecting: the library could not open a link or lost it again. `what` says to whom or what for.
BrokerError open_error(int status, std::string_view what);

/// While connecting: how the broker answered a request, if not as hoped.
Result<void, BrokerError> check_reply(const amqp_rpc_reply_t& reply, std::string_view what);

/// After it: the link's reading or writing failed.
BrokerError lost_error(int status, std::string_view link);

/// After it: what a method of the broker's that ends the session says: connection.close, channel.close,
/// basic.cancel, or one that has no place here.
BrokerError lost_error(const amqp_method_t& method, std::string_view link);

}  // namespace inboxd::rabbitmq
