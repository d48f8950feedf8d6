#include "core/message.hpp"

#include <gtest/gtest.h>

#include <string>

namespace inboxd {
namespace {

struct RefusedDraft {
  const char* payload;
  Reason reason;
};

const RefusedDraft kRefusedDrafts[] = {
    {"", Reason::kBadJson},
    {"[]", Reason::kBadJson},
    {R"({"text":1})", Reason::kBadField},
    {R"({"text":{}})", Reason::kBadField},
    {R"({"type":false})", Reason::kBadField},
    {R"({"sender_fullname":[]})", Reason::kBadField},
    {R"({"recipient_fullname":7})", Reason::kBadField},
    {R"({"channel_type":1})", Reason::kBadField},
    {R"({"attributes":"x"})", Reason::kBadField},
    {R"({"attributes":[]})", Reason::kBadField},
    {R"({"attributes":1})", Reason::kBadField},
    {R"({"attributes":{"hiddenFor":1}})", Reason::kBadField},
    {R"({"attributes":{"privateFor":["a",2]}})", Reason::kBadField},
    {R"({"attributes":{"privateFor":{"a":1}}})", Reason::kBadField},
    {R"({"timestamp":"now"})", Reason::kBadField},
    {R"({"timestamp":-1})", Reason::kBadField},
    {R"({"timestamp":1e300})", Reason::kBadField},
    {R"({"group":[]})", Reason::kBadField},
    {R"({"group":{"members":["a"]}})", Reason::kBadField},
    {R"({"group":{"members":{"a b":1}}})", Reason::kBadId},
    {R"({"group":{"members":{"admin":1}}})", Reason::kBadId},
};

TEST(MessageTest, RefusesKnownFieldsOfTheWrongType) {
  for (const RefusedDraft& c : kRefusedDrafts) {
    const auto draft = read_draft(c.payload);
    ASSERT_FALSE(draft) << c.payload;
    EXPECT_EQ(draft.error().reason, c.reason) << c.payload;
  }
}

TEST(MessageTest, AbsentAndNullFieldsAreFine) {
  for (const char* payload :
       {"{}", R"({"text":null,"type":null,"attributes":null,"timestamp":null,"group":null,"metadata":null})",
        R"({"metadata":""})", R"({"metadata":{"src":"x"}})", R"({"group":{}})", R"({"type":"anything"})"}) {
    EXPECT_TRUE(read_draft(payload)) << payload;
  }
}

TEST(MessageTest, ReadsWhatTheRulesAskFor) {
  const std::string payload =
      R"({"channel_type":"group","timestamp":5,"attributes":{"tempUID":"u-1","updateconversation":false,)"
      R"("hiddenFor":"a","privateFor":["b","c"]},"group":{"members":{"x":1,"y":1}}})";
  const auto draft = read_draft(payload);
  ASSERT_TRUE(draft);
  EXPECT_TRUE(draft->group_channel);
  EXPECT_EQ(draft->timestamp, 5);
  EXPECT_EQ(draft->temp_uid, "u-1");
  EXPECT_FALSE(draft->updates_conversation);
  EXPECT_EQ(draft->hidden_for, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(draft->group_members, (std::vector<PartyId>{PartyId{"x"}, PartyId{"y"}}));
}

TEST(MessageTest, OnlyFalseItselfKeepsTheConversation) {
  for (const char* value : {"true", "null", "0", "\"false\"", "\"\""}) {
    const auto payload = std::string(R"({"attributes":{"updateconversation":)") + value + "}}";
    const auto draft = read_draft(payload);
    ASSERT_TRUE(draft) << value;
    EXPECT_TRUE(draft->updates_conversation) << value;
  }
}

TEST(MessageTest, ATempUidThatCanNameNothingCountsAsNone) {
  for (const std::string& value : {std::string("\"\""), std::string("7"), "\"" + std::string(256, 'x') + "\"",
                                   std::string("\"a\\u0000b\"")}) {
    const auto payload = R"({"attributes":{"tempUID":)" + value + "}}";
    const auto draft = read_draft(payload);
    ASSERT_TRUE(draft);
    EXPECT_EQ(draft->temp_uid, std::nullopt) << value;
  }
}

// PROTOCOL 2: set by the engine, over anything the client put there; everything else unchanged.
TEST(MessageTest, TheEngineSetsItsOwnFieldsOverAnyForgery) {
  const std::string payload =
      R"({"message_id":"forged","sender":"eve","recipient":"eve","app_id":"other","status":300,"timestamp":1,)"
      R"("sender":"eve2","text":"hi","attributes":null,"metadata":"","big":12345678901234567890123,"unknown":{"a":[1.10]}})";
  const auto draft = read_draft(payload);
  ASSERT_TRUE(draft);
  EXPECT_EQ(
      compose_body(*draft, MessageId{"m1"}, AppId{"tilechat"}, PartyId{"alice"}, PartyId{"bob"}, 42),
      R"({"text":"hi","attributes":null,"metadata":"","big":12345678901234567890123,"unknown":{"a":[1.10]},)"
      R"("message_id":"m1","sender":"alice","recipient":"bob","app_id":"tilechat","timestamp":42})");
}

StoredMessage stored(std::string json) {
  return {.id = MessageId{"m1"},
          .app = AppId{"tilechat"},
          .sender = PartyId{"alice"},
          .recipient = PartyId{"bob"},
          .timestamp = 42,
          .json = std::move(json)};
}

TimelineRow row(Status status, bool history, bool silent) {
  return {.timeline = {AppId{"tilechat"}, PartyId{"bob"}, PartyId{"alice"}},
          .timestamp = 42,
          .message = MessageId{"m1"},
          .status = status,
          .history = history,
          .silent = silent};
}

struct CopyCase {
  const char* body;
  Status status;
  bool history;
  bool silent;
  const char* copy;
};

const CopyCase kCopies[] = {
    {R"({"text":"a"})", Status::kSent, false, false, R"({"text":"a","status":100})"},
    {R"({"text":"a"})", Status::kDelivered, false, false, R"({"text":"a","status":150})"},
    {R"({"text":"a"})", Status::kDelivered, true, false, R"({"text":"a","__history":"true","status":150})"},
    {R"({"text":"a","__history":1})", Status::kDelivered, true, false,
     R"({"text":"a","__history":"true","status":150})"},
    {R"({"text":"a"})", Status::kDelivered, true, true,
     R"({"text":"a","attributes":{"sendnotification":false},"__history":"true","status":150})"},
    {R"({"attributes":{"x":1,"sendnotification":true}})", Status::kDelivered, false, true,
     R"({"attributes":{"x":1,"sendnotification":false},"status":150})"},
    {R"({"attributes":null})", Status::kDelivered, false, true,
     R"({"attributes":{"sendnotification":false},"status":150})"},
};

TEST(MessageTest, EachCopyIsTheBodyWithWhatIsItsOwn) {
  for (const CopyCase& c : kCopies) {
    EXPECT_EQ(render_copy(stored(c.body), row(c.status, c.history, c.silent)), c.copy);
  }
}

struct TimestampCase {
  const char* what;
  std::optional<Millis> client;
  std::optional<Millis> newest;
  Millis now;
  Millis assigned;
};

const TimestampCase kTimestamps[] = {
    {"none given", {}, {}, 10'000, 10'000},
    {"client's own, older", 7, {}, 10'000, 7},
    {"client's own, older than the newest", 7, 9'000, 10'000, 7},
    {"client's own, within a second", 11'000, {}, 10'000, 11'000},
    {"client's beyond a second becomes now", 11'001, {}, 10'000, 10'000},
    {"and then increases as ours do", 99'999, 10'000, 10'000, 10'001},
    {"increases within a millisecond", {}, 10'000, 10'000, 10'001},
    {"increases while the clock is behind", {}, 10'500, 10'000, 10'501},
    {"runs at most a second ahead", {}, 10'999, 10'000, 11'000},
    {"then ties", {}, 11'000, 10'000, 11'000},
    {"never follows a newest that is further ahead", {}, 50'000, 10'000, 11'000},
    {"follows the clock", {}, 9'999, 10'000, 10'000},
    {"zero is a client's timestamp", 0, {}, 10'000, 0},
};

TEST(MessageTest, AssignsTimestamps) {
  for (const TimestampCase& c : kTimestamps)
    EXPECT_EQ(assign_timestamp(c.client, c.newest, c.now), c.assigned) << c.what;
}

TEST(MessageTest, ABackEndsMessageNamesItself) {
  const std::string good =
      R"({"message_id":"m1","sender":"a","recipient":"b","timestamp":5,"status":150,"__history":"true"})";
  const auto message = read_backend_message(good);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->id.str(), "m1");
  EXPECT_EQ(message->status, Status::kDelivered);
  EXPECT_TRUE(message->draft.history);
  for (const char* payload : {R"({"sender":"a","recipient":"b","timestamp":5})",
                              R"({"message_id":"m","recipient":"b","timestamp":5})",
                              R"({"message_id":"m","sender":"a","timestamp":5})",
                              R"({"message_id":"m","sender":"a","recipient":"b"})",
                              R"({"message_id":"a/b","sender":"a","recipient":"b","timestamp":5})",
                              R"({"message_id":5,"sender":"a","recipient":"b","timestamp":5})"}) {
    const auto refused = read_backend_message(payload);
    ASSERT_FALSE(refused) << payload;
    EXPECT_EQ(refused.error().reason, Reason::kBadField) << payload;
  }
  const auto status =
      read_backend_message(R"({"message_id":"m","sender":"a","recipient":"b","timestamp":5,"status":17})");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().reason, Reason::kBadStatus);
}

}  // namespace
}  // namespace inboxd
