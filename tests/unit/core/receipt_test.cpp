#include "core/receipt.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/json.hpp"

namespace inboxd {
namespace {

const Topics kTopics{AppId{"tilechat"}, ".apps.tilechat.users", true, true};

StoredMessage message(bool group, const char* json = R"({"text":"hi"})") {
  return {.id = MessageId{"m1"},
          .app = AppId{"tilechat"},
          .sender = PartyId{"alice"},
          .recipient = PartyId{group ? "group-1" : "bob"},
          .timestamp = 1'000,
          .group = group,
          .json = json};
}

TimelineRow row(const StoredMessage& message, const char* owner, const char* peer, int status) {
  return {.timeline = {message.app, PartyId{owner}, PartyId{peer}},
          .timestamp = message.timestamp,
          .message = message.id,
          .status = static_cast<Status>(status)};
}

ReceiptState direct(int mine, int theirs) {
  ReceiptState state{.message = message(false), .now = 5'000};
  state.mine = row(state.message, "bob", "alice", mine);
  state.theirs = row(state.message, "alice", "bob", theirs);
  return state;
}

/// "owner<peer:status" of each row, with "+received/seen" where it counts; then "!topic=payload" of each
/// notice.
std::string summary(const ReceiptEffects& effects) {
  std::string text;
  for (const TimelineRow& r : effects.rows) {
    text += r.timeline.owner.str() + "<" + r.timeline.peer.str() + ":" +
            std::to_string(static_cast<int>(r.status));
    if (r.received != 0 || r.seen != 0) {
      text += "+" + std::to_string(r.received) + "/" + std::to_string(r.seen);
    }
    text += " ";
  }
  for (const Notice& notice : effects.notices) text += "!" + notice.keys.front() + "=" + notice.payload + " ";
  return text.empty() ? text : text.substr(0, text.size() - 1);
}

const std::string kTold250 =
    R"(!apps.tilechat.users.alice.messages.bob.m1.clientupdated={"timelineOf":"alice","message_id":"m1","status":250})";
const std::string kTold300 =
    R"(!apps.tilechat.users.alice.messages.bob.m1.clientupdated={"timelineOf":"alice","message_id":"m1","status":300})";

// PROTOCOL 5: 200 becomes 250 for the sender, 300 stays 300; status only rises; told on change only.
TEST(ReceiptTest, OfADirectMessage) {
  const struct {
    const char* what;
    int said;
    int mine;
    int theirs;
    bool redelivered;
    std::string effects;
  } cases[] = {
      {"received", 200, 150, 100, false, "bob<alice:200 alice<bob:250 " + kTold250},
      {"seen at once", 300, 150, 100, false, "bob<alice:300 alice<bob:300 " + kTold300},
      {"seen after received", 300, 200, 250, false, "bob<alice:300 alice<bob:300 " + kTold300},
      {"received twice", 200, 200, 250, false, ""},
      {"received after seen", 200, 300, 300, false, ""},
      {"the same again after a crash: the sender may not know", 200, 200, 250, true, kTold250},
      {"an older one again after a crash", 200, 300, 300, true, ""},
  };
  for (const auto& c : cases) {
    ReceiptState state = direct(c.mine, c.theirs);
    state.redelivered = c.redelivered;
    const auto effects = decide_receipt(PartyId{"bob"}, static_cast<Status>(c.said), state, kTopics);
    ASSERT_TRUE(effects) << c.what;
    EXPECT_EQ(summary(*effects), c.effects) << c.what;
  }
}

TEST(ReceiptTest, InAGroupTellsTheSenderWhoAndCountsEachMemberOnce) {
  ReceiptState state{.message = message(true), .now = 5'000};
  state.mine = row(state.message, "bob", "group-1", 150);
  state.theirs = row(state.message, "alice", "group-1", 150);
  state.group = row(state.message, "group-1", "group-1", 100);
  const std::string told =
      R"(!apps.tilechat.users.alice.messages.group-1.m1.clientupdated={"timelineOf":"alice","message_id":"m1",)";
  auto effects = decide_receipt(PartyId{"bob"}, Status::kReceived, state, kTopics);
  ASSERT_TRUE(effects);
  EXPECT_EQ(summary(*effects), "bob<group-1:200 alice<group-1:250+1/0 group-1<group-1:250+1/0 " + told +
                                   R"("status":250,"by":"bob"})");
  // Seen after received counts as seen alone; seen at once as both.
  state.mine->status = Status::kReceived;
  state.theirs = effects->rows[1];
  state.group = effects->rows[2];
  effects = decide_receipt(PartyId{"bob"}, Status::kSeen, state, kTopics);
  ASSERT_TRUE(effects);
  EXPECT_EQ(summary(*effects), "bob<group-1:300 alice<group-1:300+1/1 group-1<group-1:300+1/1 " + told +
                                   R"("status":300,"by":"bob"})");
  state.mine->timeline.owner = PartyId{"carol"};
  state.mine->status = Status::kDelivered;
  state.theirs = effects->rows[1];
  state.group = effects->rows[2];
  effects = decide_receipt(PartyId{"carol"}, Status::kSeen, state, kTopics);
  ASSERT_TRUE(effects);
  EXPECT_EQ(summary(*effects), "carol<group-1:300 alice<group-1:300+2/2 group-1<group-1:300+2/2 " + told +
                                   R"("status":300,"by":"carol"})");
}

// The id trap: one of the web apps knows the message by its tempUID.
TEST(ReceiptTest, TellsTheSenderUnderTheTempUidToo) {
  ReceiptState state = direct(150, 100);
  state.message.json = R"({"attributes":{"tempUID":"t-1"}})";
  const auto effects = decide_receipt(PartyId{"bob"}, Status::kReceived, state, kTopics);
  ASSERT_TRUE(effects);
  ASSERT_EQ(effects->notices.size(), 2U);
  EXPECT_EQ(effects->notices[1].keys[0], "apps.tilechat.users.alice.messages.bob.t-1.clientupdated");
  EXPECT_EQ(effects->notices[1].keys[1], ".apps.tilechat.users.alice.bob.messages.t-1.clientupdated");
  EXPECT_EQ(effects->notices[1].payload, R"({"timelineOf":"alice","message_id":"t-1","status":250})");
}

TEST(ReceiptTest, ATempUidThatNoTopicCanCarryIsPassedOver) {
  for (const char* json : {R"({"attributes":{"tempUID":"a.b"}})", R"({"attributes":{"tempUID":"a/b"}})",
                           R"({"attributes":{"tempUID":7}})", R"({"attributes":null})"}) {
    ReceiptState state = direct(150, 100);
    state.message.json = json;
    const auto effects = decide_receipt(PartyId{"bob"}, Status::kReceived, state, kTopics);
    ASSERT_TRUE(effects) << json;
    EXPECT_EQ(effects->notices.size(), 1U) << json;
  }
}

// docs/policies.md: one's own copy takes the status, the other learns nothing, in a group it is not counted.
TEST(ReceiptTest, GoesThroughABlockInNeitherDirection) {
  for (const bool redelivered : {false, true}) {
    ReceiptState state = direct(150, 100);
    state.blocked = true;
    state.redelivered = redelivered;
    const auto effects = decide_receipt(PartyId{"bob"}, Status::kSeen, state, kTopics);
    ASSERT_TRUE(effects);
    EXPECT_EQ(summary(*effects), "bob<alice:300");
    ASSERT_EQ(effects->events.size(), 1U) << "message-received alone";
    EXPECT_EQ(effects->events[0].type, EventType::kMessageReceived);
    EXPECT_EQ(effects->events[0].body.find("return-receipt"), std::string::npos);

    ReceiptState again = direct(300, 100);
    again.blocked = true;
    again.redelivered = redelivered;
    EXPECT_EQ(summary(*decide_receipt(PartyId{"bob"}, Status::kSeen, again, kTopics)), "");
  }
  ReceiptState state{.message = message(true), .blocked = true, .now = 5'000};
  state.mine = row(state.message, "bob", "group-1", 150);
  state.theirs = row(state.message, "alice", "group-1", 150);
  state.group = row(state.message, "group-1", "group-1", 100);
  const auto effects = decide_receipt(PartyId{"bob"}, Status::kReceived, state, kTopics);
  ASSERT_TRUE(effects);
  EXPECT_EQ(summary(*effects), "bob<group-1:200");
}

TEST(ReceiptTest, OnlyARecipientCanSaySo) {
  ReceiptState state = direct(150, 100);
  EXPECT_FALSE(decide_receipt(PartyId{"alice"}, Status::kReceived, state, kTopics)) << "the sender himself";
  state.mine.reset();
  const auto stranger = decide_receipt(PartyId{"mallory"}, Status::kReceived, state, kTopics);
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().reason, Reason::kNotAllowed);
}

TEST(ReceiptTest, ReadsReceivedAndSeenAndIgnoresOtherStatuses) {
  const struct {
    const char* payload;
    std::optional<Status> status;
  } said[] = {{R"({"status":200})", Status::kReceived},
              {R"({"status":300})", Status::kSeen},
              {R"({"status":250})", std::nullopt},
              {R"({"status":-100})", std::nullopt},
              {R"({"status":12345678901234567890})", std::nullopt}};
  for (const auto& c : said) {
    const auto status = read_receipt(c.payload);
    ASSERT_TRUE(status) << c.payload;
    EXPECT_EQ(*status, c.status) << c.payload;
  }
  for (const char* bad : {"", "[]", "{}", R"({"status":"200"})", R"({"status":null})"}) {
    EXPECT_FALSE(read_receipt(bad)) << bad;
  }
}

// PROTOCOL 8.
TEST(ReceiptTest, IsTwoEvents) {
  const auto effects = decide_receipt(PartyId{"bob"}, Status::kReceived, direct(150, 100), kTopics);
  ASSERT_TRUE(effects);
  ASSERT_EQ(effects->events.size(), 2U);
  EXPECT_EQ(effects->events[0].body,
            R"({"event_type":"message-received","createdAt":5000,"recipient_id":"bob","app_id":"tilechat",)"
            R"("message_id":"m1","data":{"timelineOf":"bob","message_id":"m1","status":200},)"
            R"("extras":{"topic":"apps.tilechat.users.bob.messages.alice.m1.clientupdated"}})");
  EXPECT_EQ(
      effects->events[1].body,
      R"({"event_type":"message-return-receipt","createdAt":5000,"recipient_id":"bob","app_id":"tilechat",)"
      R"("message_id":"m1","data":{"timelineOf":"alice","message_id":"m1","status":250},)"
      R"("extras":{"topic":"apps.tilechat.users.alice.messages.bob.m1.clientupdated"}})");
  EXPECT_EQ(effects->events[0].ordering_key, "alice/bob");
}

}  // namespace
}  // namespace inboxd
