#include "core/event.hpp"

#include <algorithm>

#include "core/json.hpp"
#include "core/message.hpp"

namespace inboxd {
namespace {

/// What all events begin with.
json::ObjectWriter begin(EventType type, Millis now, std::size_t capacity) {
  json::ObjectWriter writer(capacity + 512);
  writer.string("event_type", name_of(type)).integer("createdAt", now);
  return writer;
}

std::string extras(std::string_view topic) { return json::ObjectWriter().string("topic", topic).finish(); }

}  // namespace

std::string_view name_of(EventType type) noexcept {
  switch (type) {
    case EventType::kMessageSent:
      return "message-sent";
    case EventType::kMessageDelivered:
      return "message-delivered";
    case EventType::kMessageReceived:
      return "message-received";
    case EventType::kMessageReturnReceipt:
      return "message-return-receipt";
    case EventType::kConversationArchived:
      return "conversation-archived";
    case EventType::kConversationUnarchived:
      return "conversation-unarchived";
    case EventType::kPresenceChange:
      return "presence-change";
  }
  return "unknown";
}

std::optional<EventType> event_type_from(std::string_view name) noexcept {
  const auto* found = std::find_if(kAllEventTypes.begin(), kAllEventTypes.end(),
                                   [name](EventType type) { return name_of(type) == name; });
  if (found == kAllEventTypes.end()) return std::nullopt;
  return *found;
}

std::optional<EventType> arrival_type(const StoredMessage& message, const TimelineRow& row) noexcept {
  if (row.status == Status::kDelivered) return EventType::kMessageDelivered;
  if (row.status != Status::kSent || row.history) return std::nullopt;
  const PartyId& owner = row.timeline.owner;
  return owner == message.sender || owner == message.recipient ? std::optional(EventType::kMessageSent)
                                                               : std::nullopt;
}

std::string conversation_ordering_key(const PartyId& owner, const PartyId& peer, bool group) {
  if (group || owner == peer) return peer.str();
  // No id holds a slash.
  return owner < peer ? owner.str() + "/" + peer.str() : peer.str() + "/" + owner.str();
}

Event arrival_event(EventType type, const Topics& topics, const StoredMessage& message,
                    const TimelineRow& row, std::string_view rendered, Millis now) {
  const auto keys = message_added_keys(topics, row.timeline.owner, row.timeline.peer);
  std::string body = begin(type, now, rendered.size())
                         .string("recipient_id", message.recipient.view())
                         .string("app_id", message.app.view())
                         .string("message_id", message.id.view())
                         .raw("data", rendered)
                         .raw("extras", extras(keys.front()))
                         .string("delivered_to", row.timeline.owner.view())
                         .finish();
  return {type, conversation_ordering_key(message.sender, message.recipient, message.group), std::move(body)};
}

Event receipt_event(EventType type, const StoredMessage& message, std::string_view topic,
                    std::string_view patch, Millis now) {
  std::string body = begin(type, now, patch.size())
                         .string("recipient_id", message.recipient.view())
                         .string("app_id", message.app.view())
                         .string("message_id", message.id.view())
                         .raw("data", patch)
                         .raw("extras", extras(topic))
                         .finish();
  return {type, conversation_ordering_key(message.sender, message.recipient, message.group), std::move(body)};
}

Event conversation_event(EventType type, const ConversationRow& row, std::string_view topic,
                         std::string_view rendered, Millis now) {
  const TimelineKey& key = row.key;
  std::string body = begin(type, now, rendered.size())
                         .string("app_id", key.app.view())
                         .string("user_id", key.owner.view())
                         .string("recipient_id", key.peer.view())
                         .string("convers_with", key.peer.view())
                         .raw("data", rendered)
                         .raw("extras", extras(topic))
                         .finish();
  return {type, conversation_ordering_key(key.owner, key.peer, names_a_group(key.peer)), std::move(body)};
}

Event presence_event(const AppId& app, const PartyId& user, bool online, Millis now) {
  constexpr EventType kType = EventType::kPresenceChange;
  std::string body = begin(kType, now, 0)
                         .string("presence", online ? "online" : "offline")
                         .string("app_id", app.view())
                         .string("user_id", user.view())
                         .boolean("data", true)
                         .finish();
  return {kType, "presence/" + user.str(), std::move(body)};
}

}  // namespace inboxd
