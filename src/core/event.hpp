#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/id.hpp"
#include "core/refusal.hpp"
#include "core/result.hpp"
#include "core/rows.hpp"
#include "core/topic.hpp"

/// What back ends are told by webhook (PROTOCOL 8): the events and their bodies.
namespace inboxd {

enum class EventType {
  kMessageSent,
  kMessageDelivered,
  kMessageReceived,
  kMessageReturnReceipt,
  kConversationArchived,
  kConversationUnarchived,
  kPresenceChange,
};

inline constexpr std::array kAllEventTypes = {
    EventType::kMessageSent,          EventType::kMessageDelivered,     EventType::kMessageReceived,
    EventType::kMessageReturnReceipt, EventType::kConversationArchived, EventType::kConversationUnarchived,
    EventType::kPresenceChange,
};

/// `message-sent` …
std::string_view name_of(EventType type) noexcept;
std::optional<EventType> event_type_from(std::string_view name) noexcept;

struct Event {
  EventType type;
  /// Names the conversation, or the user of a presence event: events of one key go out in their order.
  std::string ordering_key;
  std::string body;
};

/// The event that a copy's coming into its timeline is: `message-sent` for the sender's own of a direct
/// message and the group timeline's, `message-delivered` for a recipient's; none for other copies.
std::optional<EventType> arrival_type(const StoredMessage& message, const TimelineRow& row) noexcept;

/// `rendered` is the copy as its owner gets it.
Event arrival_event(EventType type, const Topics& topics, const StoredMessage& message,
                    const TimelineRow& row, std::string_view rendered, Millis now);

/// `patch` is what the owner of `inbox` is told of the message's new status, on `topic`.
Event receipt_event(EventType type, const StoredMessage& message, std::string_view topic,
                    std::string_view patch, Millis now);

/// `rendered` is the conversation, `topic` the key of what changed its place.
Event conversation_event(EventType type, const ConversationRow& row, std::string_view topic,
                         std::string_view rendered, Millis now);

Event presence_event(const AppId& app, const PartyId& user, bool online, Millis now);

/// Both sides of a direct conversation have the same ordering key; a group's timelines all have the group's.
std::string conversation_ordering_key(const PartyId& owner, const PartyId& peer, bool group);

/// An event that the reference engine left in its queue `webhooks` (PROTOCOL 1), put into this one's words.
/// `key` is the routing key that it came by.
Result<Event, Refusal> handed_over_event(std::string_view key, std::string_view payload, const Topics& topics,
                                         Millis now);

}  // namespace inboxd
