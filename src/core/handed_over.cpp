#include <optional>
#include <utility>

#include "core/event.hpp"
#include "core/json.hpp"
#include "core/message.hpp"

/// Events as the reference engine writes them into its own queue: the message or event itself, with two
/// fields of its own.
namespace inboxd {
namespace {

std::string text_of(const json::Object& fields, std::string_view name) {
  const auto raw = fields.find_value(name);
  return (raw ? json::string_value(*raw) : std::nullopt).value_or("");
}

std::string without_its_own(const json::Object& fields, std::size_t size) {
  json::ObjectWriter writer(size);
  for (const auto& [key, raw] : fields.members()) {
    if (!key.starts_with("temp_")) writer.raw(key, raw);
  }
  return writer.finish();
}

/// One word of a dotted key, counted from 0.
std::string_view word(std::string_view key, std::size_t index) {
  for (; index > 0; --index) {
    const auto dot = key.find('.');
    if (dot == std::string_view::npos) return {};
    key.remove_prefix(dot + 1);
  }
  return key.substr(0, key.find('.'));
}

std::optional<EventType> type_of_status(std::int64_t status) {
  switch (status) {
    case static_cast<int>(Status::kSent):
      return EventType::kMessageSent;
    case static_cast<int>(Status::kDelivered):
      return EventType::kMessageDelivered;
    case static_cast<int>(Status::kReceived):
      return EventType::kMessageReceived;
    case static_cast<int>(Status::kReturnReceipt):
      return EventType::kMessageReturnReceipt;
    default:
      return std::nullopt;
  }
}

/// `apps.{app}.users.{inbox}.{messages|conversations}.{peer}…`
struct Place {
  PartyId inbox;
  PartyId peer;
};

Place place_of(std::string_view topic) {
  return {PartyId{std::string(word(topic, 3))}, PartyId{std::string(word(topic, 5))}};
}

Event message_event(EventType type, const json::Object& fields, std::string_view data, std::string_view topic,
                    const Topics& topics, Millis now) {
  const Place place = place_of(topic);
  json::ObjectWriter writer(data.size() + 512);
  writer.string("event_type", name_of(type))
      .integer("createdAt", now)
      .string("recipient_id", text_of(fields, "recipient"))
      .string("app_id", topics.app.view())
      .string("message_id", text_of(fields, "message_id"))
      .raw("data", data)
      .raw("extras", json::ObjectWriter().string("topic", topic).finish());
  if (type == EventType::kMessageSent || type == EventType::kMessageDelivered) {
    writer.string("delivered_to", place.inbox.view());
  }
  return {type, conversation_ordering_key(place.inbox, place.peer, names_a_group(place.peer)),
          writer.finish()};
}

Event archive_event(std::string_view data, std::string_view topic, const Topics& topics, Millis now) {
  const Place place = place_of(topic);
  constexpr EventType kType = EventType::kConversationArchived;
  std::string body = json::ObjectWriter(data.size() + 512)
                         .string("event_type", name_of(kType))
                         .integer("createdAt", now)
                         .string("app_id", topics.app.view())
                         .string("user_id", place.inbox.view())
                         .string("recipient_id", place.peer.view())
                         .string("convers_with", place.peer.view())
                         .raw("data", data)
                         .raw("extras", json::ObjectWriter().string("topic", topic).finish())
                         .finish();
  return {kType, conversation_ordering_key(place.inbox, place.peer, names_a_group(place.peer)),
          std::move(body)};
}

}  // namespace

Result<Event, Refusal> handed_over_event(std::string_view key, std::string_view payload, const Topics& topics,
                                         Millis now) {
  const std::string prefix = "observer.webhook.apps." + topics.app.str() + ".";
  if (!key.starts_with(prefix)) return refuse(Reason::kBadTopic, "not a webhook event of this app");
  const std::string_view kind = key.substr(prefix.size());
  const auto fields = json::parse_object(payload);
  if (!fields) return Failure<Refusal>(fields.error());
  const std::string topic = text_of(*fields, "temp_field_chat_topic");
  std::string data = without_its_own(*fields, payload.size());
  if (kind == "presence") {
    const std::string user = text_of(*fields, "user_id");
    return Event{EventType::kPresenceChange, "presence/" + user, std::move(data)};
  }
  if (word(topic, 5).empty())
    return refuse(Reason::kBadField, "temp_field_chat_topic is no topic of a user's");
  if (kind == "conversation_archived") return archive_event(data, topic, topics, now);
  const auto status = json::integer_value(fields->find_value("status").value_or("")).value_or(0);
  const auto type = type_of_status(status);
  if (!type || (kind != "message_deliver" && kind != "message_update")) {
    return refuse(Reason::kBadField, "not an event of a kind that this engine sends on");
  }
  return message_event(*type, *fields, data, topic, topics, now);
}

}  // namespace inboxd
