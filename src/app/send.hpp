#pragma once

#include <chrono>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "app/mqtt_client.hpp"
#include "app/token.hpp"

namespace inboxd::app {

struct SendOptions {
  TokenOptions token;  ///< token.user sends
  std::string to;
  std::string text;
  std::string sender_fullname;  ///< empty: the sender's id
  MqttAddress broker;
  std::chrono::seconds timeout{10};  ///< for all of it
};

/// What the engine said to one message.
struct SendAnswer {
  std::string message_id;
  std::int64_t status = 0;
  std::string error;  ///< of a refusal: `code: message`
};

/// The message as JSON.
std::string outgoing_message(const SendOptions& options, std::string_view temp_uid);

/// The answer to the message of that tempUID, if `payload`, heard in the sender's inbox, is that.
std::optional<SendAnswer> answer_in(std::string_view payload, std::string_view sender,
                                    std::string_view temp_uid);

/// `inboxd send`: sends one message, waits for the engine's answer in the sender's own inbox and prints
/// `<message id> <status>`. kFailed where it was refused or nobody answered, kUsage for bad options.
int run_send(const SendOptions& options, std::ostream& out, std::ostream& err);

}  // namespace inboxd::app
