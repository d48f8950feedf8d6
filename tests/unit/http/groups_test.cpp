#include "unit/http/api_fixture.hpp"

namespace inboxd::http::testing {
namespace {

using ::testing::HasSubstr;
using Sent = FakeSubmitter::Sent;

const std::string kUpdate = "apps.observer.tilechat.groups.update";
const std::string kSystem = "apps.tilechat.outgoing.users.system.messages.group-1.outgoing";

std::string system_message(const std::string& text, const std::string& label,
                           const std::string& name = "Team") {
  return R"({"type":"text","text":")" + text +
         R"(","sender":"system","sender_fullname":"System","recipient":"group-1","recipient_fullname":")" +
         name +
         R"(","channel_type":"group","attributes":{"subtype":"info","updateconversation":true,"messagelabel":)" +
         label + "}}";
}

const std::string kAnnJoined =
    R"({"key":"MEMBER_JOINED_GROUP","parameters":{"member_id":"ann","fullname":"Ann Example","firstname":"Ann","lastname":"Example"}})";

std::string joined(const std::string& id) {
  return R"({"key":"MEMBER_JOINED_GROUP","parameters":{"member_id":")" + id + R"(","fullname":")" + id +
         R"(","firstname":"","lastname":""}})";
}

/// `groups.update` of the stored group with these fields changed.
std::string update(const std::string& name, const std::string& members, const std::string& notify,
                   const std::string& label = {}) {
  const std::string notification = label.empty() ? "" : R"(,"notification":{"messagelabel":)" + label + "}";
  return R"({"group":{"uid":"group-1","appId":"tilechat",)" + name +
         R"("owner":"bob","createdOn":1,"extra":1.50,)" + members + notification + R"(},"notify_to":{)" +
         notify + "}}";
}

const std::string kName = R"("name":"Team",)";

class GroupApiTest : public ApiTest {
 protected:
  GroupApiTest() { put_group("group-1", "bob", {"bob", "cat"}); }
  Response post(const std::string& who, const std::string& body) {
    return ask(Method::kPost, "/api/tilechat/groups", who, body);
  }
};

TEST_F(GroupApiTest, Create) {
  const Response got = post("bob", R"({"group_name":"New","group_id":"group-2","group_members":{"ann":1}})");
  const std::string group =
      R"({"uid":"group-2","appId":"tilechat","name":"New","owner":"bob","members":{"ann":1,"bob":1},"createdOn":1700000000000,"updatedOn":1700000000000})";
  EXPECT_EQ(got.status, 201U);
  EXPECT_EQ(got.body, R"({"success":true,"group":)" + group + "}");
  ASSERT_EQ(submitter.sent.size(), 4U);
  EXPECT_EQ(submitter.sent[0],
            (Sent{kUpdate, R"({"group":)" + group + R"(,"notify_to":{"ann":1,"bob":1}})"}));
  EXPECT_THAT(submitter.sent[1].payload, HasSubstr(R"("text":"Group created","sender":"system")"));
  EXPECT_THAT(submitter.sent[1].payload,
              HasSubstr(R"("messagelabel":{"key":"GROUP_CREATED","parameters":{"creator":"bob"}}})"));
  EXPECT_EQ(submitter.sent[1].key, "apps.tilechat.outgoing.users.system.messages.group-2.outgoing");
  EXPECT_THAT(submitter.sent[2].payload, HasSubstr(R"("text":"Ann Example joined group on creation")"));
  EXPECT_THAT(submitter.sent[2].payload, HasSubstr(R"("messagelabel":)" + kAnnJoined));
  EXPECT_THAT(submitter.sent[3].payload, HasSubstr(R"("text":"bob joined group on creation")"));
}

TEST_F(GroupApiTest, CreateAsAdministrator) {
  const Response got = post(
      "root", R"({"group_name":"New","group_members":["ann"],"group_owner":"cat","attributes":{"a":1.0}})");
  EXPECT_EQ(got.status, 201U);
  EXPECT_THAT(got.body, HasSubstr(R"({"uid":"group-0)"));
  EXPECT_THAT(got.body, HasSubstr(R"("owner":"cat","members":{"ann":1},)"));
  EXPECT_THAT(got.body, HasSubstr(R"("attributes":{"a":1.0}})"));
  EXPECT_THAT(post("root", R"({"group_name":"New","group_members":[]})").body,
              HasSubstr(R"("owner":"root","members":{})"));
}

TEST_F(GroupApiTest, CreateOneThatExists) {
  const std::string body = R"({"group_name":"N","group_id":"group-1","group_members":{"ann":1}})";
  EXPECT_EQ(post("cat", body).status, 401U);
  EXPECT_TRUE(submitter.sent.empty());
  EXPECT_EQ(post("bob", body).status, 201U);
  EXPECT_EQ(
      submitter.sent,
      (std::vector<Sent>{
          {kUpdate,
           R"({"group":{"uid":"group-1","appId":"tilechat","owner":"bob","createdOn":1,"extra":1.50,"name":"N","members":{"ann":1,"bob":1},"updatedOn":1700000000000},"notify_to":{"bob":1,"cat":1,"ann":1}})"},
          {kSystem, system_message("Ann added to group", kAnnJoined, "N")}}));
}

// A group of another service is unknown until its first update; its messages are here all the same.
TEST_F(GroupApiTest, WhatWasWrittenToIsNobodysToTake) {
  put_message("m1", "cat", "support-group-7", 10, {{"support-group-7", "support-group-7"}});
  const std::string body = R"({"group_name":"N","group_id":"support-group-7","group_members":{}})";
  EXPECT_EQ(post("mallory", body).status, 401U);
  EXPECT_TRUE(submitter.sent.empty());
  EXPECT_EQ(post("root", body).status, 201U);
}

TEST_F(GroupApiTest, NewMembersAreTakenBySome) {
  std::string members;
  for (int i = 0; i < 257; ++i) members += (i == 0 ? "\"m" : ",\"m") + std::to_string(i) + "\":1";
  EXPECT_EQ(post("bob", R"({"group_name":"N","group_members":{)" + members + "}}").status, 400U);
  EXPECT_EQ(
      ask(Method::kPut, "/api/tilechat/groups/group-1/members", "bob", R"({"members":{)" + members + "}}")
          .status,
      400U);
  EXPECT_TRUE(submitter.sent.empty());
}

const std::string kMembersAfterJoin = R"("members":{"bob":1,"cat":1,"ann":1},"updatedOn":1700000000000)";

TEST_F(GroupApiTest, JoinWithHistory) {
  put_message("m1", "cat", "group-1", 10, {{"group-1", "group-1"}});
  put_message("m2", "cat", "group-1", 20, {{"group-1", "group-1"}},
              R"(,"attributes":{"hiddenFor":["x","ann"]})");
  put_message("m3", "cat", "group-1", 30, {{"group-1", "group-1"}}, R"(,"attributes":{"privateFor":"ann"})");
  put_message("m4", "cat", "group-1", 40, {{"group-1", "group-1"}},
              R"(,"attributes":{"forcenotification":true,"n":1.50})");
  EXPECT_EQ(ask(Method::kPost, "/api/tilechat/groups/group-1/members", "bob", R"({"member_id":"ann"})").body,
            R"({"success":true})");
  const std::string inbox = "apps.observer.tilechat.users.ann.messages.group-1.delivered";
  EXPECT_EQ(
      submitter.sent,
      (std::vector<Sent>{
          {kUpdate, update(kName, kMembersAfterJoin, R"("bob":1,"cat":1,"ann":1)", kAnnJoined)},
          {kSystem, system_message("Ann added to group", kAnnJoined)},
          {inbox,
           R"({"text":"t-m1","message_id":"m1","sender":"cat","recipient":"group-1","app_id":"tilechat","timestamp":10,"attributes":{"sendnotification":false},"__history":"true","status":150})"},
          {inbox,
           R"({"text":"t-m4","message_id":"m4","sender":"cat","recipient":"group-1","app_id":"tilechat","timestamp":40,"attributes":{"forcenotification":true,"n":1.50},"__history":"true","status":150})"}}));
}

TEST_F(GroupApiTest, ReplaysTheLatestTwoHundred) {
  for (int i = 0; i < 205; ++i) {
    put_message("m" + std::to_string(i), "cat", "group-1", 10 + i, {{"group-1", "group-1"}});
  }
  (void)ask(Method::kPost, "/api/tilechat/groups/group-1/members", "bob", R"({"member_id":"ann"})");
  ASSERT_EQ(submitter.sent.size(), 202U);
  EXPECT_THAT(submitter.sent[2].payload, HasSubstr("t-m5\""));
  EXPECT_THAT(submitter.sent[201].payload, HasSubstr("t-m204\""));
}

TEST_F(GroupApiTest, ReplaysNoMoreBytesThanFit) {
  const std::string large = R"(,"x":")" + std::string(1 << 20, 'a') + "\"";
  for (int i = 0; i < 10; ++i) {
    put_message("m" + std::to_string(i), "cat", "group-1", 10 + i, {{"group-1", "group-1"}}, large);
  }
  (void)ask(Method::kPost, "/api/tilechat/groups/group-1/members", "bob", R"({"member_id":"ann"})");
  ASSERT_EQ(submitter.sent.size(), 2U + 7U);
  EXPECT_THAT(submitter.sent.back().payload, HasSubstr("t-m9\""));
}

TEST_F(GroupApiTest, ManyJoinersShareTheRoom) {
  for (int i = 0; i < 100; ++i) {
    put_message("m" + std::to_string(i), "cat", "group-1", 10 + i, {{"group-1", "group-1"}});
  }
  std::string members = R"({"members":{"bob":1)";
  for (int i = 0; i < 100; ++i) members += ",\"u" + std::to_string(i) + "\":1";
  EXPECT_EQ(ask(Method::kPut, "/api/tilechat/groups/group-1/members", "bob", members + "}}").status, 200U);
  EXPECT_EQ(submitter.sent.size(), 1U + 100U + 5000U);
}

TEST_F(GroupApiTest, Leave) {
  const std::string left = R"({"key":"MEMBER_LEFT_GROUP","parameters":{"member_id":"cat"}})";
  EXPECT_EQ(ask(Method::kDelete, "/api/tilechat/groups/group-1/members/cat", "cat").body,
            R"({"success":true})");
  EXPECT_EQ(submitter.sent,
            (std::vector<Sent>{{kUpdate, update(kName, R"("members":{"bob":1},"updatedOn":1700000000000)",
                                                R"("bob":1,"cat":1)", left)},
                               {kSystem, system_message("cat removed from group", left)}}));
}

TEST_F(GroupApiTest, SetMembers) {
  put_message("m1", "cat", "group-1", 10, {{"group-1", "group-1"}});
  EXPECT_EQ(ask(Method::kPut, "/api/tilechat/groups/group-1/members", "bob",
                R"({"members":{"bob":1,"ann":1,"dan":1}})")
                .body,
            R"({"success":true})");
  ASSERT_EQ(submitter.sent.size(), 5U);
  EXPECT_EQ(submitter.sent[0],
            (Sent{kUpdate, update(kName, R"("members":{"bob":1,"ann":1,"dan":1},"updatedOn":1700000000000)",
                                  R"("bob":1,"cat":1)")}));
  EXPECT_EQ(submitter.sent[1], (Sent{kSystem, system_message("Ann added to group", kAnnJoined)}));
  EXPECT_EQ(submitter.sent[2].key, "apps.observer.tilechat.users.ann.messages.group-1.delivered");
  EXPECT_EQ(submitter.sent[3], (Sent{kSystem, system_message("dan added to group", joined("dan"))}));
  EXPECT_EQ(submitter.sent[4].key, "apps.observer.tilechat.users.dan.messages.group-1.delivered");
}

TEST_F(GroupApiTest, RenameAndSetAttributes) {
  const std::string path = "/api/tilechat/groups/group-1";
  const std::string members = R"("members":{"bob":1,"cat":1},)";
  EXPECT_EQ(ask(Method::kPut, path, "bob", R"({"group_name":"New"})").body, R"({"success":true})");
  EXPECT_EQ(ask(Method::kPut, path + "/attributes", "bob", R"({"attributes":{"a":1.0}})").body,
            R"({"success":true})");
  const std::string notify = R"(},"notify_to":{"bob":1,"cat":1}})";
  EXPECT_EQ(
      submitter.sent,
      (std::vector<Sent>{
          {kUpdate,
           R"({"group":{"uid":"group-1","appId":"tilechat","owner":"bob",)" + members +
               R"("createdOn":1,"extra":1.50,"name":"New","updatedOn":1700000000000,"notification":{"messagelabel":{"key":"DATA_UPDATED_GROUP","parameters":{"group_name":"New"}}})" +
               notify},
          {kUpdate,
           R"({"group":{"uid":"group-1","appId":"tilechat","name":"Team","owner":"bob",)" + members +
               R"("createdOn":1,"extra":1.50,"attributes":{"a":1.0},"updatedOn":1700000000000,"notification":{"messagelabel":{"key":"ATTRIBUTES_UPDATED_GROUP","parameters":{"attributes":{"a":1.0}}}})" +
               notify}}));
}

TEST_F(GroupApiTest, ReadsTheGroup) {
  const Response got = ask(Method::kGet, "/api/tilechat/groups/group-1", "cat");
  EXPECT_THAT(got.body, HasSubstr(R"({"success":true,"result":{"uid":"group-1")"));
}

TEST_F(GroupApiTest, OperationsOnOneGroupTakeTurns) {
  submitter.holds = true;
  const std::string path = "/api/tilechat/groups/group-1/members";
  Response first{0, "", ""};
  Response second{0, "", ""};
  const auto into = [](Response& to) { return Responder([&to](Response got) { to = std::move(got); }); };
  router.handle(request(Method::kPost, path, "bob", R"({"member_id":"ann"})"), into(first));
  router.handle(request(Method::kPost, path, "bob", R"({"member_id":"ann"})"), into(second));
  ASSERT_EQ(submitter.held.size(), 1U);
  put_group("group-1", "bob", {"bob", "cat", "ann"});
  submitter.held[0](submitter.verdict);
  submitter.held.clear();
  EXPECT_EQ(first.status, 200U);
  EXPECT_EQ(second.status, 0U);
  loop.run();
  EXPECT_EQ(second.status, 405U);
}

TEST_F(GroupApiTest, BoundsThoseWhoWaitForAGroup) {
  submitter.holds = true;
  const std::string path = "/api/tilechat/groups/group-1";
  std::vector<Response> got(GroupQueue::kMaxWaiting + 2, Response{0, "", ""});
  for (Response& response : got) {
    router.handle(request(Method::kPut, path, "bob", R"({"group_name":"N"})"),
                  Responder([&response](Response answered) { response = std::move(answered); }));
  }
  EXPECT_EQ(got[GroupQueue::kMaxWaiting].status, 0U);
  EXPECT_EQ(got.back().status, 503U);
  backend.close();
  submitter.held.clear();  // as an engine that went away
  loop.run();
  EXPECT_EQ(got.front().status, 500U);
  EXPECT_EQ(got[1].status, 503U);
}

}  // namespace
}  // namespace inboxd::http::testing
