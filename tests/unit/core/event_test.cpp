#include "core/event.hpp"

#include <gtest/gtest.h>

#include <string>

namespace inboxd {
namespace {

const Topics kTopics{AppId{"tilechat"}, ".apps.tilechat.users", true, true};

StoredMessage message(const char* sender, const char* recipient, bool group) {
  return {.id = MessageId{"m1"},
          .app = AppId{"tilechat"},
          .sender = PartyId{sender},
          .recipient = PartyId{recipient},
          .timestamp = 1'000,
          .group = group,
          .json = "{}"};
}

TimelineRow row(const char* owner, const char* peer, Status status, bool history = false) {
  return {.timeline = {AppId{"tilechat"}, PartyId{owner}, PartyId{peer}},
          .timestamp = 1'000,
          .message = MessageId{"m1"},
          .status = status,
          .history = history};
}

// PROTOCOL 8: one message-sent per message, one message-delivered per recipient's inbox.
TEST(EventTest, WhichCopyIsWhichEvent) {
  const struct {
    const char* what;
    StoredMessage message;
    TimelineRow row;
    std::optional<EventType> type;
  } cases[] = {
      {"the sender's own of a direct message", message("a", "b", false), row("a", "b", Status::kSent),
       EventType::kMessageSent},
      {"the recipient's", message("a", "b", false), row("b", "a", Status::kDelivered),
       EventType::kMessageDelivered},
      {"to oneself", message("a", "a", false), row("a", "a", Status::kSent), EventType::kMessageSent},
      {"the group timeline's", message("a", "group-1", true), row("group-1", "group-1", Status::kSent),
       EventType::kMessageSent},
      {"a member's", message("a", "group-1", true), row("b", "group-1", Status::kDelivered),
       EventType::kMessageDelivered},
      {"the sender's as a member", message("a", "group-1", true), row("a", "group-1", Status::kDelivered),
       EventType::kMessageDelivered},
      {"replayed history", message("a", "group-1", true), row("b", "group-1", Status::kDelivered, true),
       EventType::kMessageDelivered},
      {"replayed history in the sender's own inbox", message("a", "b", false),
       row("a", "b", Status::kSent, true), std::nullopt},
      {"one that was read elsewhere", message("a", "b", false), row("b", "a", Status::kReceived),
       std::nullopt},
  };
  for (const auto& c : cases) EXPECT_EQ(arrival_type(c.message, c.row), c.type) << c.what;
}

TEST(EventTest, Bodies) {
  EXPECT_EQ(arrival_event(EventType::kMessageDelivered, kTopics, message("a", "b", false),
                          row("b", "a", Status::kDelivered), R"({"text":"x"})", 7)
                .body,
            R"({"event_type":"message-delivered","createdAt":7,"recipient_id":"b","app_id":"tilechat",)"
            R"("message_id":"m1","data":{"text":"x"},)"
            R"("extras":{"topic":"apps.tilechat.users.b.messages.a.clientadded"},"delivered_to":"b"})");
  ConversationRow conversation{.key = {AppId{"tilechat"}, PartyId{"a"}, PartyId{"b"}}};
  EXPECT_EQ(conversation_event(EventType::kConversationArchived, conversation,
                               archive_key(kTopics, PartyId{"a"}, PartyId{"b"}), R"({"key":"b"})", 7)
                .body,
            R"({"event_type":"conversation-archived","createdAt":7,"app_id":"tilechat","user_id":"a",)"
            R"("recipient_id":"b","convers_with":"b","data":{"key":"b"},)"
            R"("extras":{"topic":"apps.tilechat.users.a.conversations.b.archive"}})");
  EXPECT_EQ(presence_event(AppId{"tilechat"}, PartyId{"a"}, false, 7).body,
            R"({"event_type":"presence-change","createdAt":7,"presence":"offline","app_id":"tilechat",)"
            R"("user_id":"a","data":true})");
}

TEST(EventTest, OneConversationHasOneOrderingKey) {
  const PartyId a{"a"};
  const PartyId b{"b"};
  const PartyId group{"group-1"};
  EXPECT_EQ(conversation_ordering_key(a, b, false), conversation_ordering_key(b, a, false));
  EXPECT_EQ(conversation_ordering_key(a, group, true), conversation_ordering_key(group, group, true));
  EXPECT_NE(conversation_ordering_key(a, b, false), conversation_ordering_key(a, a, false));
}

TEST(EventTest, NamesGoBothWays) {
  for (const EventType type : kAllEventTypes) EXPECT_EQ(event_type_from(name_of(type)), type);
  EXPECT_EQ(event_type_from("message_sent"), std::nullopt);
}

// PROTOCOL 1: what the reference engine left in its queue.
TEST(EventTest, TakesOverWhatTheReferenceLeft) {
  const std::string prefix = "observer.webhook.apps.tilechat.";
  const auto delivered = handed_over_event(
      prefix + "message_deliver",
      R"({"message_id":"m1","recipient":"b","status":150,"text":"x","temp_webhook_endpoints":["http://h"],)"
      R"("temp_field_chat_topic":"apps.tilechat.users.b.messages.a.clientadded"})",
      kTopics, 7);
  ASSERT_TRUE(delivered);
  EXPECT_EQ(delivered->type, EventType::kMessageDelivered);
  EXPECT_EQ(delivered->body,
            R"({"event_type":"message-delivered","createdAt":7,"recipient_id":"b","app_id":"tilechat",)"
            R"("message_id":"m1","data":{"message_id":"m1","recipient":"b","status":150,"text":"x"},)"
            R"("extras":{"topic":"apps.tilechat.users.b.messages.a.clientadded"},"delivered_to":"b"})");
  const auto archived = handed_over_event(
      prefix + "conversation_archived",
      R"({"key":"b","temp_field_chat_topic":"apps.tilechat.users.a.conversations.b.archive"})", kTopics, 7);
  ASSERT_TRUE(archived);
  EXPECT_EQ(archived->type, EventType::kConversationArchived);
  const auto presence = handed_over_event(
      prefix + "presence", R"({"event_type":"presence-change","user_id":"a","temp_webhook_endpoints":[]})",
      kTopics, 7);
  ASSERT_TRUE(presence);
  EXPECT_EQ(presence->body, R"({"event_type":"presence-change","user_id":"a"})");
}

TEST(EventTest, RefusesWhatIsNoEvent) {
  const std::string prefix = "observer.webhook.apps.tilechat.";
  const struct {
    std::string key;
    const char* payload;
    Reason reason;
  } cases[] = {
      {"apps.tilechat.users.a.messages.b.clientadded", "{}", Reason::kBadTopic},
      {"observer.webhook.apps.other.message_deliver", "{}", Reason::kBadTopic},
      {prefix + "message_deliver", "no", Reason::kBadJson},
      {prefix + "message_deliver", R"({"status":150})", Reason::kBadField},
      {prefix + "message_deliver", R"({"status":7,"temp_field_chat_topic":"apps.t.users.a.messages.b.x"})",
       Reason::kBadField},
      {prefix + "unheard_of", R"({"status":150,"temp_field_chat_topic":"apps.t.users.a.messages.b.x"})",
       Reason::kBadField},
  };
  for (const auto& c : cases) {
    const auto event = handed_over_event(c.key, c.payload, kTopics, 7);
    ASSERT_FALSE(event) << c.key;
    EXPECT_EQ(event.error().reason, c.reason) << c.key;
  }
}

}  // namespace
}  // namespace inboxd
