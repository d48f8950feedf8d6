#include "app/send.hpp"

#include <ostream>
#include <random>

#include "app/chat_topics.hpp"
#include "app/terminal.hpp"
#include "core/json.hpp"
#include "core/uuid.hpp"

namespace inboxd::app {
namespace {

constexpr std::int64_t kFailedStatus = -100;

std::string new_uuid() {
  std::random_device device;
  const std::uint64_t high = device();
  const std::uint64_t random = (high << 32U) | device();
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return UuidSequence().next(std::chrono::duration_cast<std::chrono::milliseconds>(now).count(), random);
}

std::string text_of(const json::Object& object, std::string_view key) {
  const auto raw = object.find_value(key);
  return raw ? json::string_value(*raw).value_or("") : "";
}

std::string error_of(const json::Object& patch) {
  const auto raw = patch.find_value("error");
  const auto error = raw && json::is_object(*raw) ? json::parse_object(*raw) : Failure<Refusal>(Refusal{});
  if (!error) return "refused without a reason";
  return text_of(*error, "code") + ": " + text_of(*error, "message");
}

bool carries(const json::Object& message, std::string_view temp_uid) {
  const auto raw = message.find_value("attributes");
  if (!raw || !json::is_object(*raw)) return false;
  const auto attributes = json::parse_object(*raw);
  return attributes && text_of(*attributes, "tempUID") == temp_uid;
}

/// What is wrong with the options, or nothing.
std::string problem_with(const SendOptions& options) {
  if (!parse_party(options.to))
    return "the recipient id '" + printable(options.to) + "' is malformed or reserved";
  if (!keys_fit(options.token.topics, options.token.user, options.to))
    return "the two ids together are too long";
  if (!is_valid_utf8(options.text)) return "the text is not valid UTF-8";
  if (!is_valid_utf8(options.sender_fullname)) return "the sender's name is not valid UTF-8";
  return {};
}

Result<SendAnswer, MqttError> exchange(const SendOptions& options, const std::string& token) {
  const Topics& topics = options.token.topics;
  const std::string& user = options.token.user;
  const std::string temp_uid = new_uuid();
  const auto deadline = MqttClient::Clock::now() + options.timeout;
  std::optional<SendAnswer> answer;
  MqttClient client([&](std::string_view, std::string_view payload) {
    if (!answer) answer = answer_in(payload, user, temp_uid);
  });
  const auto sent = client.connect(options.broker, token, deadline)
                        .and_then([&] { return client.subscribe(inbox_filter(topics, user), 1, deadline); })
                        .and_then([&] {
                          return client.publish(outgoing_topic(topics, user, options.to),
                                                outgoing_message(options, temp_uid), deadline);
                        });
  if (!sent) return Failure<MqttError>(sent.error());
  const auto answered = client.run_until([&] { return answer.has_value(); }, deadline);
  if (!answered) return Failure<MqttError>(answered.error());
  if (!*answered) {
    return Failure<MqttError>(
        MqttError{"the broker took the message, but the engine did not answer within " +
                  std::to_string(options.timeout.count()) +
                  " s: is it running? (In a group, only members see their own messages.)"});
  }
  return *std::move(answer);
}

}  // namespace

std::string outgoing_message(const SendOptions& options, std::string_view temp_uid) {
  const bool to_group = names_a_group(PartyId(options.to));
  const std::string& name = options.sender_fullname.empty() ? options.token.user : options.sender_fullname;
  return json::ObjectWriter()
      .string("text", options.text)
      .string("type", "text")
      .string("sender_fullname", name)
      .string("recipient_fullname", options.to)
      .string("channel_type", to_group ? "group" : "direct")
      .raw("attributes", json::ObjectWriter().string("tempUID", temp_uid).finish())
      .finish();
}

std::optional<SendAnswer> answer_in(std::string_view payload, std::string_view sender,
                                    std::string_view temp_uid) {
  const auto object = json::parse_object(payload);
  if (!object) return std::nullopt;
  const auto raw_status = object->find_value("status");
  const auto status = raw_status ? json::integer_value(*raw_status) : std::nullopt;
  if (!status) return std::nullopt;
  const std::string id = text_of(*object, "message_id");
  if (*status == kFailedStatus && id == temp_uid) return SendAnswer{id, *status, error_of(*object)};
  if (text_of(*object, "sender") != sender || !carries(*object, temp_uid)) return std::nullopt;
  return SendAnswer{id, *status, {}};
}

int run_send(const SendOptions& options, std::ostream& out, std::ostream& err) {
  const auto token = make_token(options.token);
  const std::string problem = token ? problem_with(options) : token.error();
  if (!problem.empty()) {
    err << "inboxd send: " << problem << '\n';
    return kUsage;
  }
  if (const std::string warning = secret_warning(options.token.secret); !warning.empty()) {
    err << "inboxd send: warning: " << warning << '\n';
  }
  const auto answer = exchange(options, *token);
  if (!answer) {
    err << "inboxd send: " << answer.error().message << '\n';
    return kFailed;
  }
  if (answer->status == kFailedStatus) {
    err << "inboxd send: refused: " << printable(answer->error) << '\n';
    return kFailed;
  }
  out << printable(answer->message_id) << ' ' << answer->status << std::endl;
  return kDone;
}

}  // namespace inboxd::app
