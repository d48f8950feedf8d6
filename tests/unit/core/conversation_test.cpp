#include "core/conversation.hpp"

#include <gtest/gtest.h>

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
    EXPECT_EQ(touched(c.previous, copy(next, c.history), next, c.makes_new), c.after) << c.what;
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
     R"("is_new":true,"archived":false,"last_message_text":"hi","status":150,"timestamp":9})"},
    {R"({"sender":"alice"})", "",
     R"({"sender":"alice","timelineOf":"bob","conversWith":"alice","key":"alice",)"
     R"("is_new":true,"archived":false,"last_message_text":"","status":150,"timestamp":9})"},
    {R"({"text":null,"timelineOf":"forged","key":"forged","is_new":7})",
     R"({"pinned":1,"conversWith":"forged"})",
     R"({"text":null,"pinned":1,"timelineOf":"bob","conversWith":"alice","key":"alice",)"
     R"("is_new":true,"archived":false,"last_message_text":"","status":150,"timestamp":9})"},
};

TEST(ConversationTest, IsTheLastMessageWithWhatIsItsOwn) {
  for (const DocumentCase& c : kDocuments) {
    EXPECT_EQ(render_conversation(existing(9, true, false, c.patch), message("old", 9, c.message)),
              c.document);
  }
}

}  // namespace
}  // namespace inboxd
