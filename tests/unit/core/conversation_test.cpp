#include "core/conversation.hpp"

#include <gtest/gtest.h>

#include <string>

namespace inboxd {
namespace {

const TimelineKey kKey{AppId{"tilechat"}, PartyId{"bob"}, PartyId{"alice"}};

StoredMessage message(const char* id, Millis timestamp,
                      const char* json = R"({"text":"hi","sender":"alice"})") {
  return {.id = MessageId{id},
          .app = kKey.app,
          .sender = kKey.peer,
          .recipient = kKey.owner,
          .timestamp = timestamp,
          .json = json};
}

TimelineRow copy(const StoredMessage& of, bool history = false) {
  return {.timeline = kKey,
          .timestamp = of.timestamp,
          .message = of.id,
          .status = Status::kDelivered,
          .history = history};
}

ConversationRow existing(Millis timestamp, bool is_new, bool archived, const char* patch = "") {
  return {.key = kKey,
          .last_message = MessageId{"old"},
          .timestamp = timestamp,
          .status = Status::kDelivered,
          .is_new = is_new,
          .archived = archived,
          .patch = patch};
}

struct TouchCase {
  const char* what;
  std::optional<ConversationRow> previous;
  Millis timestamp;
  bool history;
  bool makes_new;
  std::optional<ConversationRow> after;
};

ConversationRow newest(Millis timestamp, bool is_new, const char* patch = "") {
  ConversationRow row = existing(timestamp, is_new, false, patch);
  row.last_message = MessageId{"m1"};
  return row;
}

// PROTOCOL 3, conversation document.
const TouchCase kTouches[] = {
    {"the first message makes it", {}, 10, false, true, newest(10, true)},
    {"a newer one becomes the preview", existing(5, false, false), 10, false, true, newest(10, true)},
    {"one's own message leaves it read", existing(5, true, false), 10, false, false, newest(10, false)},
    {"a new one un-archives", existing(5, false, true), 10, false, true, newest(10, true)},
    {"of two at the same time the later counts", existing(10, false, false), 10, false, true,
     newest(10, true)},
    {"an older one is no preview, but is news", existing(20, false, true), 10, false, true,
     existing(20, true, false)},
    {"an older one of one's own", existing(20, true, false), 10, false, false, {}},
    {"replayed history changes nothing older", existing(20, false, true), 10, true, true, {}},
    {"a patch stays", existing(5, false, false, R"({"pinned":true})"), 10, false, true,
     newest(10, true, R"({"pinned":true})")},
    {"until a message sets the field", existing(5, false, false, R"({"pinned":true,"text":"x"})"), 10, false,
     true, newest(10, true, R"({"pinned":true})")},
};

TEST(ConversationTest, FollowsItsMessages) {
  for (const TouchCase& c : kTouches) {
    const StoredMessage next = message("m1", c.timestamp);
    auto after = touched(c.previous, copy(next, c.history), next, c.makes_new);
    if (after) {
      EXPECT_EQ(after->unread, c.makes_new && !c.history ? 1U : 0U) << c.what;
      after->unread = 0;
    }
    EXPECT_EQ(after, c.after) << c.what;
  }
}

struct DocumentCase {
  const char* message;
  const char* patch;
  const char* document;
};

const DocumentCase kDocuments[] = {
    {R"({"text":"hi","sender":"alice","attributes":null})", "",
     R"({"text":"hi","sender":"alice","attributes":null,"timelineOf":"bob","conversWith":"alice","key":"alice",)"
     R"("is_new":true,"archived":false,"last_message_text":"hi","status":150,"timestamp":9,"unread_count":0})"},
    {R"({"sender":"alice"})", "",
     R"({"sender":"alice","timelineOf":"bob","conversWith":"alice","key":"alice",)"
     R"("is_new":true,"archived":false,"last_message_text":"","status":150,"timestamp":9,"unread_count":0})"},
    {R"({"text":null,"timelineOf":"forged","key":"forged","is_new":7})",
     R"({"pinned":1,"conversWith":"forged"})",
     R"({"text":null,"pinned":1,"timelineOf":"bob","conversWith":"alice","key":"alice",)"
     R"("is_new":true,"archived":false,"last_message_text":"","status":150,"timestamp":9,"unread_count":0})"},
};

TEST(ConversationTest, IsTheLastMessageWithWhatIsItsOwn) {
  for (const DocumentCase& c : kDocuments) {
    EXPECT_EQ(render_conversation(existing(9, true, false, c.patch), message("old", 9, c.message)),
              c.document);
  }
}

// Shown as `unread_count`: what came in since the owner read or wrote.
TEST(ConversationTest, CountsWhatIsUnread) {
  ConversationRow row = existing(5, true, false);
  row.unread = 3;
  const StoredMessage next = message("m1", 10);
  const StoredMessage older = message("m0", 2);
  EXPECT_EQ(touched(row, copy(next), next, true)->unread, 4U);
  EXPECT_EQ(touched(row, copy(older), older, true)->unread, 4U);
  EXPECT_EQ(touched(row, copy(next), next, false)->unread, 0U) << "he wrote himself";
  EXPECT_EQ(touched(row, copy(next, true), next, true)->unread, 3U) << "history is no news";
  EXPECT_EQ(patched(row, R"({"is_new":false})", 1'000)->row.unread, 0U);
  EXPECT_EQ(patched(row, R"({"pinned":1})", 1'000)->row.unread, 3U);
}

struct PatchCase {
  const char* patch;
  const char* document;  ///< or null, where it is refused
};

// PROTOCOL 6.
const PatchCase kPatches[] = {
    {R"({"is_new":false})",
     R"({"text":"hi","pinned":true,"is_new":false,"archived":false,"last_message_text":"hi","timestamp":9})"},
    {R"({"archived":true})",
     R"({"text":"hi","pinned":true,"is_new":true,"archived":true,"last_message_text":"hi","timestamp":9})"},
    {R"({"pinned":false,"label":{"a":[1]}})",
     R"({"text":"hi","pinned":false,"label":{"a":[1]},"is_new":true,"archived":false,"last_message_text":"hi","timestamp":9})"},
    {R"({"text":"edited","last_message_text":"preview"})",
     R"({"pinned":true,"text":"edited","is_new":true,"archived":false,"last_message_text":"preview","timestamp":9})"},
    {R"({"timelineOf":"bob","conversWith":"alice","key":"alice","app_id":"tilechat","timestamp":12})",
     R"({"text":"hi","pinned":true,"is_new":true,"archived":false,"last_message_text":"hi","timestamp":12})"},
    {R"({"timelineOf":"eve"})", nullptr},
    {R"({"conversWith":null})", nullptr},
    {R"({"key":"bob"})", nullptr},
    {R"({"app_id":"other"})", nullptr},
    {R"({"is_new":"false"})", nullptr},
    {R"({"archived":1})", nullptr},
    {R"({"timestamp":"now"})", nullptr},
    {R"({"status":42})", nullptr},
    {R"({"attributes":[]})", nullptr},
    {"[]", nullptr},
    {"", nullptr},
};

/// A document without what says whose it is, and without status and unread_count.
std::string plain(const std::string& document) {
  std::string text = document;
  for (const char* fixed : {R"("timelineOf":"bob",)", R"("conversWith":"alice",)", R"("key":"alice",)",
                            R"("status":150,)", R"(,"unread_count":0)"}) {
    const auto at = text.find(fixed);
    if (at != std::string::npos) text.erase(at, std::string_view(fixed).size());
  }
  return text;
}

TEST(ConversationTest, TakesItsOwnersPatches) {
  const ConversationRow row = existing(9, true, false, R"({"pinned":true})");
  for (const PatchCase& c : kPatches) {
    const auto result = patched(row, c.patch, 1'000);
    ASSERT_EQ(result.has_value(), c.document != nullptr) << c.patch;
    if (!result) continue;
    EXPECT_EQ(plain(render_conversation(result->row, message("old", 9, R"({"text":"hi"})"))), c.document)
        << c.patch;
  }
}

TEST(ConversationTest, APatchIsToldAsItWasWritten) {
  const auto result = patched(existing(9, true, false), R"({"is_new":false,"x":1.50})", 1'000);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->notice, R"({"is_new":false,"x":1.50,"timelineOf":"bob","conversWith":"alice"})");
}

TEST(ConversationTest, PatchesAreBounded) {
  const auto result = patched(existing(9, true, false), R"({"x":")" + std::string(100, 'y') + "\"}", 50);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, Reason::kTooLarge);
}

}  // namespace
}  // namespace inboxd
