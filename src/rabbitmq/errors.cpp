#include "rabbitmq/errors.hpp"

#include <utility>

namespace inboxd::rabbitmq {
namespace {

using Kind = BrokerError::Kind;

constexpr int kConnectionForced = 320;
constexpr int kAccessRefused = 403;
constexpr int kInternalError = 541;

struct Closing {
  int code;
  std::string_view text;
};

Closing closing_of(const amqp_method_t& method) {
  if (method.id == AMQP_CONNECTION_CLOSE_METHOD) {
    const auto& close = *static_cast<const amqp_connection_close_t*>(method.decoded);
    return {close.reply_code, to_view(close.reply_text)};
  }
  const auto& close = *static_cast<const amqp_channel_close_t*>(method.decoded);
  return {close.reply_code, to_view(close.reply_text)};
}

bool is_closing(const amqp_method_t& method) {
  return method.id == AMQP_CONNECTION_CLOSE_METHOD || method.id == AMQP_CHANNEL_CLOSE_METHOD;
}

/// The broker's text begins with the code's name.
std::string worded(std::string_view what, const Closing& closing) {
  return std::string(what) + ": " + std::to_string(closing.code) + " " + std::string(closing.text);
}

BrokerError refusal(const Closing& closing, std::string_view what) {
  if (closing.code == kAccessRefused && closing.text.find("in exclusive use") != std::string_view::npos) {
    return {Kind::kStandby, "another consumer has the queue; standing by (" + worded(what, closing) + ")"};
  }
  // It is going down or coming up: that is no verdict on us.
  const bool passing = closing.code == kConnectionForced || closing.code == kInternalError;
  return {passing ? Kind::kUnreachable : Kind::kRefused, worded(what, closing)};
}

bool is_tls_error(int status) {
  return status <= AMQP_STATUS_SSL_ERROR && status > _AMQP_STATUS_SSL_NEXT_VALUE;
}

}  // namespace

BrokerError open_error(int status, std::string_view what) {
  return {is_tls_error(status) ? Kind::kRefused : Kind::kUnreachable,
          std::string(what) + ": " + amqp_error_string2(status)};
}

Result<void, BrokerError> check_reply(const amqp_rpc_reply_t& reply, std::string_view what) {
  switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
      return {};
    case AMQP_RESPONSE_SERVER_EXCEPTION:
      if (is_closing(reply.reply)) return Failure<BrokerError>(refusal(closing_of(reply.reply), what));
      return Failure<BrokerError>(
          BrokerError{Kind::kUnreachable, std::string(what) + ": an answer out of place"});
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
      return Failure<BrokerError>(open_error(reply.library_error, what));
    case AMQP_RESPONSE_NONE:
      break;
  }
  return Failure<BrokerError>(BrokerError{Kind::kUnreachable, std::string(what) + ": no answer"});
}

BrokerError lost_error(int status, std::string_view link) {
  return {Kind::kLost, std::string(link) + ": " + amqp_error_string2(status)};
}

BrokerError lost_error(const amqp_method_t& method, std::string_view link) {
  if (is_closing(method)) return {Kind::kLost, worded(link, closing_of(method))};
  if (method.id == AMQP_BASIC_CANCEL_METHOD) {
    const auto& cancel = *static_cast<const amqp_basic_cancel_t*>(method.decoded);
    return {Kind::kLost, std::string(link) + ": the broker cancelled the consumer " +
                             std::string(to_view(cancel.consumer_tag)) + "; was its queue deleted?"};
  }
  return {Kind::kLost, std::string(link) + ": unexpected method " + amqp_method_name(method.id)};
}

}  // namespace inboxd::rabbitmq
