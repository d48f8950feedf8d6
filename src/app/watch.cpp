#include "app/watch.hpp"

#include <array>
#include <ctime>
#include <ostream>

#include "app/chat_topics.hpp"
#include "app/interrupt.hpp"
#include "app/terminal.hpp"
#include "core/json.hpp"

namespace inboxd::app {
namespace {

/// Beyond this a clock's value is nonsense, and calendars would not take it.
constexpr std::int64_t kMaxMillis = 253'402'300'799'000;

std::string time_of_day(std::optional<std::int64_t> millis) {
  const std::time_t seconds =
      millis && *millis >= 0 && *millis <= kMaxMillis ? *millis / 1000 : std::time(nullptr);
  std::tm local{};
  if (localtime_r(&seconds, &local) == nullptr) return "--:--:--";
  std::array<char, 16> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%H:%M:%S", &local)};
}

std::string printable_text(const json::Object& object, std::string_view key) {
  const auto raw = object.find_value(key);
  return raw ? printable(json::string_value(*raw).value_or("")) : "";
}

std::optional<std::int64_t> number_of(const json::Object& object, std::string_view key) {
  const auto raw = object.find_value(key);
  return raw ? json::integer_value(*raw) : std::nullopt;
}

std::string json_line(std::string_view topic, std::string_view payload) {
  const bool valid = json::parse_object(payload).has_value();
  return printable_json(json::ObjectWriter()
                            .string("topic", printable(topic))
                            .raw("payload", valid ? std::string(payload) : json::quoted(printable(payload)))
                            .finish());
}

/// `alice → bob: text`, with the kind of a message that is no text.
std::string message_line(const json::Object& message) {
  const std::string type = printable_text(message, "type");
  const std::string kind = type.empty() || type == "text" ? "" : "[" + type + "] ";
  return printable_text(message, "sender") + " \u2192 " + printable_text(message, "recipient") + ": " + kind +
         printable_text(message, "text");
}

/// `messages/bob/ID/clientupdated: status 250`, or whatever else has changed.
std::string update_line(std::string_view below, const json::Object& update) {
  std::string line = printable(below);
  if (const auto status = number_of(update, "status")) line += ": status " + std::to_string(*status);
  const auto raw = update.find_value("error");
  const auto error = raw && json::is_object(*raw) ? json::parse_object(*raw) : Failure<Refusal>(Refusal{});
  if (error) line += ", " + printable_text(*error, "code") + ": " + printable_text(*error, "message");
  return line;
}

bool is_message(std::string_view below) {
  return below.ends_with("/clientadded") && !below.starts_with("archived_conversations/");
}

}  // namespace

std::string watch_line(const WatchOptions& options, std::string_view topic, std::string_view payload) {
  if (options.json) return json_line(topic, payload);
  const std::string_view below = below_inbox(options.token.topics, options.token.user, topic);
  const auto object = json::parse_object(payload);
  if (!object) return time_of_day(std::nullopt) + " " + printable(below) + ": not a JSON object";
  if (!is_message(below)) return time_of_day(std::nullopt) + " " + update_line(below, *object);
  return time_of_day(number_of(*object, "timestamp")) + " " + message_line(*object);
}

int run_watch(const WatchOptions& options, std::ostream& out, std::ostream& err,
              const std::function<bool()>& stop) {
  const auto token = make_token(options.token);
  if (!token) {
    err << "inboxd watch: " << token.error() << '\n';
    return kUsage;
  }
  if (const std::string warning = secret_warning(options.token.secret); !warning.empty()) {
    err << "inboxd watch: warning: " << warning << '\n';
  }
  std::size_t printed = 0;
  const auto enough = [&] { return options.count && printed >= *options.count; };
  MqttClient client([&](std::string_view topic, std::string_view payload) {
    if (enough()) return;
    out << watch_line(options, topic, payload) << std::endl;
    ++printed;
  });
  const auto connect_by = MqttClient::Clock::now() + options.connect_timeout;
  const std::string filter = inbox_filter(options.token.topics, options.token.user);
  const auto subscribed = client.connect(options.broker, *token, connect_by).and_then([&] {
    return client.subscribe(filter, 1, connect_by);
  });
  if (!subscribed) {
    err << "inboxd watch: " << subscribed.error().message << '\n';
    return kFailed;
  }
  err << "watching the inbox of " << options.token.user << std::endl;
  const auto until =
      options.seconds ? MqttClient::Clock::now() + *options.seconds : MqttClient::Clock::time_point::max();
  const auto ended = client.run_until([&] { return enough() || !out || stop(); }, until);
  if (!ended) {
    err << "inboxd watch: " << ended.error().message << '\n';
    return kFailed;
  }
  const bool missed = !*ended && options.count && printed < *options.count;
  return missed || !out ? kFailed : kDone;
}

int run_watch(const WatchOptions& options, std::ostream& out, std::ostream& err) {
  Interrupt interrupt;
  return run_watch(options, out, err, [&] { return interrupt.requested(); });
}

}  // namespace inboxd::app
