#include "unit/http/api_fixture.hpp"

namespace inboxd::http::testing {
namespace {

using ::testing::HasSubstr;

using Sent = FakeSubmitter::Sent;

TEST_F(ApiTest, SendsWhatAClientWouldPublish) {
  const Response got =
      ask(Method::kPost, "/api/tilechat/messages", "bob",
          R"({"recipient_id":"ann","text":"hi","attributes":{"a":1.50},"junk":1,"sender":"eve"})");
  EXPECT_EQ(got.status, 200U);
  EXPECT_EQ(got.body, R"({"success":true,"message_id":"m-new"})");
  EXPECT_EQ(submitter.last_await, Submitter::Await::kCommit);
  ASSERT_EQ(submitter.sent.size(), 1U);
  EXPECT_EQ(submitter.sent[0],
            (Sent{"apps.tilechat.outgoing.users.bob.messages.ann.outgoing",
                  R"({"text":"hi","attributes":{"a":1.50},"type":"text","channel_type":"direct"})"}));
}

TEST_F(ApiTest, SendsForOthersAsAdministratorAndToGroups) {
  EXPECT_EQ(
      ask(Method::kPost, "/api/tilechat/messages", "root",
          R"({"sender_id":"bob","recipient_id":"support-group-1","text":"hi","type":"t","group":{"members":{"x":1}}})")
          .status,
      200U);
  EXPECT_EQ(submitter.sent[0],
            (Sent{"apps.tilechat.outgoing.users.bob.messages.support-group-1.outgoing",
                  R"({"text":"hi","type":"t","group":{"members":{"x":1}},"channel_type":"group"})"}));
}

struct Bad {
  Method method;
  const char* path;
  const char* body;
  unsigned status;
  const char* err = "";
};

TEST_F(ApiTest, RefusesWhatTheEngineWould) {
  put_group("group-1", "bob", {"bob", "ann"});
  const char* messages = "/api/tilechat/messages";
  const char* groups = "/api/tilechat/groups";
  const char* members = "/api/tilechat/groups/group-1/members";
  const Bad cases[] = {
      {Method::kPost, messages, R"({"text":"hi"})", 405, "recipient_id"},
      {Method::kPost, messages, R"({"recipient_id":"ann"})", 405, "text"},
      {Method::kPost, messages, R"({"recipient_id":"ann","text":""})", 405, "text"},
      {Method::kPost, messages, R"({"recipient_id":"ann","type":"image","metadata":""})", 405, "text"},
      {Method::kPost, messages, R"({"recipient_id":"ann","type":"image","metadata":{}})", 200},
      {Method::kPost, messages, "", 405, "recipient_id"},
      {Method::kPost, messages, "{", 400},
      {Method::kPost, messages, "[]", 400},
      {Method::kPost, messages, R"({"recipient_id":"a.b","text":"x"})", 400},
      {Method::kPost, messages, R"({"recipient_id":"groups","text":"x"})", 400},
      {Method::kPost, messages, R"({"recipient_id":"ann","text":"x","attributes":[]})", 400, "attributes"},
      {Method::kPost, messages, R"({"recipient_id":"ann","text":"x","timestamp":"1"})", 400, "timestamp"},
      {Method::kPost, messages, R"({"recipient_id":"ann","text":"x","type":5})", 400, "type"},
      {Method::kPost, "/api/tilechat/messages/sync", R"({"text":"hi"})", 405, "recipient_id"},
      {Method::kPost, groups, R"({"group_members":{}})", 405, "group_name"},
      {Method::kPost, groups, R"({"group_name":"G"})", 405, "group_members"},
      {Method::kPost, groups, R"({"group_name":"G","group_members":{"a.b":1}})", 400},
      {Method::kPost, groups, R"({"group_name":"G","group_members":"x"})", 400},
      {Method::kPost, groups, R"({"group_name":"G","group_members":[],"group_id":"ann"})", 400, "group-"},
      {Method::kPost, groups, R"({"group_name":"G","group_members":[],"group_id":"group-."})", 400},
      {Method::kPost, groups, R"({"group_name":"G","group_members":[],"attributes":1})", 400},
      {Method::kPost, members, "{}", 405, "member_id"},
      {Method::kPost, members, R"({"member_id":"a b"})", 400},
      {Method::kPost, members, R"({"member_id":"ann"})", 405, "already"},
      {Method::kPut, members, "{}", 405, "members"},
      {Method::kPut, members, R"({"members":{"ann":1,"bob":1}})", 405, "already"},
      {Method::kPut, members, R"({"members":[1]})", 400},
      {Method::kDelete, "/api/tilechat/groups/group-1/members/eve", "", 404, "not a member"},
      {Method::kPost, "/api/tilechat/groups/group-9/members", R"({"member_id":"x"})", 404},
      {Method::kPut, "/api/tilechat/groups/group-1", "{}", 405, "group_name"},
      {Method::kPut, "/api/tilechat/groups/group-1/attributes", "{}", 405, "attributes"},
      {Method::kPut, "/api/tilechat/groups/group-1/attributes", R"({"attributes":[]})", 400},
      {Method::kDelete, "/api/tilechat/group-9/messages/timelines", "", 404},
      {Method::kPut, "/api/tilechat/typings/ann", R"({"text":1})", 400},
      {Method::kPut, "/api/tilechat/typings/ann", R"({"timestamp":"1"})", 400},
      {Method::kGet, "/api/tilechat/messages", "", 405},
  };
  for (const Bad& one : cases) {
    const Response got = ask(one.method, one.path, "bob", one.body);
    EXPECT_EQ(got.status, one.status) << one.path << " " << one.body << " " << got.body;
    EXPECT_THAT(got.body, HasSubstr(one.err));
    EXPECT_THAT(got.body, HasSubstr(one.status == 200 ? R"("success":true)" : R"({"success":false,"err":")"));
  }
  EXPECT_EQ(submitter.sent.size(), 1U);
}

struct Judged {
  Verdict verdict;
  unsigned status;
};

TEST_F(ApiTest, AnswersWithTheEnginesVerdict) {
  put_group("group-1", "bob", {"bob", "ann"});
  const Judged cases[] = {
      {{{}, {}, "not connected"}, 503},
      {{{}, Refusal{Reason::kTooLarge, "x"}, ""}, 413},
      {{{}, Refusal{Reason::kFanoutFull, "x"}, ""}, 503},
      {{{}, Refusal{Reason::kKeyTooLong, "x"}, ""}, 400},
      {{{}, Refusal{Reason::kBadField, "x"}, ""}, 400},
      {{{}, Refusal{Reason::kNotAllowed, "x"}, ""}, 403},
      {{{}, Refusal{Reason::kNotFound, "x"}, ""}, 404},
  };
  for (const Judged& one : cases) {
    submitter.verdict = one.verdict;
    EXPECT_EQ(
        ask(Method::kPost, "/api/tilechat/messages", "bob", R"({"recipient_id":"ann","text":"x"})").status,
        one.status);
    EXPECT_EQ(ask(Method::kPost, "/api/tilechat/messages/sync", "bob", R"({"recipient_id":"ann","text":"x"})")
                  .status,
              one.status);
    EXPECT_EQ(ask(Method::kDelete, "/api/tilechat/conversations/ann", "bob").status, one.status);
    EXPECT_EQ(ask(Method::kPut, "/api/tilechat/groups/group-1", "bob", R"({"group_name":"x"})").status,
              one.status);
    EXPECT_EQ(ask(Method::kPut, "/api/tilechat/typings/ann", "bob", "{}").status, 200U);
  }
}

TEST_F(ApiTest, ArchivesThroughTheEngine) {
  EXPECT_EQ(ask(Method::kDelete, "/api/tilechat/conversations/ann", "root", R"({"user_id":"bob"})").status,
            201U);
  EXPECT_EQ(submitter.sent[0], (Sent{"apps.observer.tilechat.users.bob.conversations.ann.archive", "{}"}));
}

TEST_F(ApiTest, TellsOfTyping) {
  put_group("group-1", "bob", {"bob", "ann", "cat"});
  EXPECT_EQ(ask(Method::kPut, "/api/tilechat/typings/ann", "bob", R"({"text":"h","timestamp":5})").status,
            200U);
  EXPECT_EQ(ask(Method::kDelete, "/api/tilechat/typings/group-1", "bob", R"({"timestamp":6})").status, 200U);
  EXPECT_EQ(submitter.last_await, Submitter::Await::kConfirm);
  const std::string over = R"({"writer_id":"bob","text":"","timestamp":6})";
  EXPECT_EQ(submitter.sent,
            (std::vector<Sent>{{"apps.tilechat.users.ann.typings.bob.clienttyping",
                                R"({"writer_id":"bob","text":"h","timestamp":5})"},
                               {"apps.tilechat.users.ann.typings.group-1.clienttyping", over},
                               {"apps.tilechat.users.cat.typings.group-1.clienttyping", over}}));
}

TEST_F(ApiTest, ForgetsAGroupsTimelines) {
  put_group("group-1", "bob", {"bob", "ann"});
  put_message("m1", "bob", "group-1", 10, {{"bob", "group-1"}, {"ann", "group-1"}, {"group-1", "group-1"}});
  put_conversation("ann", "group-1", "m1", 10);
  const TimelineKey key{topics.app, PartyId{"ann"}, PartyId{"group-1"}};
  EXPECT_EQ(ask(Method::kDelete, "/api/tilechat/group-1/conversations/timelines", "bob").status, 200U);
  EXPECT_FALSE(store.conversation(key));
  EXPECT_TRUE(store.newest_timestamp(key));
  EXPECT_EQ(ask(Method::kDelete, "/api/tilechat/group-1/messages/timelines", "bob").status, 200U);
  EXPECT_FALSE(store.newest_timestamp(key));
}

/// Waits for a reply, asynchronously.
struct Waited {
  Response response{0, "", ""};
  Responder responder() {
    return Responder([this](Response got) { response = std::move(got); });
  }
};

class SyncTest : public ApiTest {
 protected:
  void send(const std::string& recipient = "ann") {
    router.handle(request(Method::kPost, "/api/tilechat/messages/sync", "bob",
                          R"({"recipient_id":")" + recipient + R"(","text":"?"})"),
                  waited.responder());
  }
  void commit_last() {
    replies.committed(last_commit);
    loop.run();
  }
  Waited waited;
};

TEST_F(SyncTest, AnswersWithTheFirstReply) {
  send();
  put_message("m1", "bob", "ann", 10, {{"bob", "ann"}, {"ann", "bob"}});
  commit_last();
  put_message("m2", "cat", "bob", 11, {{"bob", "cat"}});
  commit_last();
  EXPECT_EQ(waited.response.status, 0U);
  put_message("m3", "ann", "bob", 12, {{"bob", "ann"}, {"ann", "bob"}});
  commit_last();
  EXPECT_EQ(waited.response.status, 200U);
  EXPECT_THAT(waited.response.body, HasSubstr(R"({"success":true,"result":{"text":"t-m3")"));
}

TEST_F(SyncTest, HearsNothingBeforeItsOwnMessageIsCommitted) {
  submitter.holds = true;
  send();
  put_message("m1", "ann", "bob", 10, {{"bob", "ann"}});
  commit_last();
  EXPECT_EQ(waited.response.status, 0U);
  submitter.held[0](submitter.verdict);
  commit_last();
  EXPECT_EQ(waited.response.status, 200U);
}

TEST_F(SyncTest, LooksUpWhoSentWhatAFanoutBrings) {
  send("group-1");
  for (const char* sender : {"bob", "ann"}) {
    put_message(std::string("m-") + sender, sender, "group-1", 10, {{"bob", "group-1"}});
    last_commit.messages.clear();
    EXPECT_EQ(waited.response.status, 0U);
    commit_last();
  }
  EXPECT_THAT(waited.response.body, HasSubstr("t-m-ann"));
}

TEST_F(SyncTest, GivesUpInTime) {
  send();
  ASSERT_EQ(loop.timers.size(), 1U);
  loop.timers[0]();
  EXPECT_EQ(waited.response.status, 504U);
  put_message("m3", "ann", "bob", 12, {{"bob", "ann"}});
  commit_last();
  EXPECT_EQ(waited.response.status, 504U);
}

TEST_F(SyncTest, BoundsThoseWhoWait) {
  for (std::size_t i = 0; i < ReplyWaiters::kMaxWaiters; ++i) {
    ASSERT_TRUE(replies.add({topics.app, PartyId{"x"}, PartyId{"y"}}, [](const auto&) {}));
  }
  send();
  EXPECT_EQ(waited.response.status, 503U);
}

}  // namespace
}  // namespace inboxd::http::testing
