#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "unit/http/api_fixture.hpp"

namespace inboxd::http::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Sent = FakeSubmitter::Sent;

constexpr Millis kNow = 1'700'000'000'000;
const std::string kDone = R"({"success":true})";

std::optional<std::string> header(const Response& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Verdict refused(Reason reason, const std::string& detail = "no") { return {{}, Refusal{reason, detail}, {}}; }

// --- what a refusal is answered with

class RefusalTest : public ApiTest {
 protected:
  Response send(const Verdict& verdict, const std::string& path = "/api/tilechat/messages") {
    submitter.verdict = verdict;
    return ask(Method::kPost, path, "bob", R"({"recipient_id":"ann","text":"x"})");
  }
};

TEST_F(RefusalTest, HasAStatusAndACode) {
  const std::pair<Reason, unsigned> cases[] = {
      {Reason::kBanned, 403},        {Reason::kBlocked, 403},         {Reason::kNotMember, 403},
      {Reason::kNotAllowed, 403},    {Reason::kNotFound, 404},        {Reason::kTooManyBlocks, 409},
      {Reason::kTooLarge, 413},      {Reason::kFiltered, 422},        {Reason::kHookRejected, 422},
      {Reason::kRateLimited, 429},   {Reason::kHookUnavailable, 503}, {Reason::kFanoutFull, 503},
      {Reason::kGroupTooLarge, 400}, {Reason::kBadField, 400},
  };
  for (const auto& [reason, status] : cases) {
    for (const char* path : {"/api/tilechat/messages", "/api/tilechat/messages/sync"}) {
      const Response got = send(refused(reason), path);
      EXPECT_EQ(got.status, status) << code_of(reason);
      EXPECT_EQ(got.body, R"({"success":false,"err":"no","code":")" + std::string(code_of(reason)) + R"("})");
    }
  }
}

TEST_F(RefusalTest, SaysWhenToTryAgain) {
  Verdict verdict = refused(Reason::kRateLimited, "too many");
  verdict.refusal->retry_after = 7;
  const Response got = send(verdict);
  EXPECT_EQ(got.status, 429U);
  EXPECT_EQ(got.body, R"({"success":false,"err":"too many","code":"rate_limited","retry_after":7})");
  EXPECT_EQ(header(got, "Retry-After"), "7");
  EXPECT_EQ(header(send(refused(Reason::kFiltered)), "Retry-After"), std::nullopt);
}

TEST_F(RefusalTest, SaysWhatTheRuleSays) {
  Verdict verdict = refused(Reason::kFiltered, "for the operator");
  verdict.refusal->told_code = "card_number";
  verdict.refusal->told_detail = "Do not send \"card\" numbers";
  const Response got = send(verdict);
  EXPECT_EQ(got.status, 422U);
  EXPECT_EQ(got.body, R"({"success":false,"err":"Do not send \"card\" numbers","code":"card_number"})");
}

TEST_F(RefusalTest, AnAdministratorsSendSaysThatItIsOne) {
  const std::string body = R"({"recipient_id":"ann","text":"x"})";
  for (const char* path : {"/api/tilechat/messages", "/api/tilechat/messages/sync"}) {
    for (const char* who : {"bob", "root"}) {
      // One of the two waits for a reply that never comes.
      router.handle(request(Method::kPost, path, who, body), Responder([](const Response&) {}));
      EXPECT_EQ(submitter.last_from_admin, std::string_view(who) == "root") << path;
    }
  }
}

// --- blocks

class BlocksTest : public ApiTest {
 protected:
  const std::string kBlocks = "/api/tilechat/bob/blocks";
};

TEST_F(BlocksTest, BlocksAndUnblocksThroughTheEngine) {
  EXPECT_EQ(ask(Method::kPut, kBlocks + "/eve", "bob").body, kDone);
  EXPECT_EQ(ask(Method::kDelete, kBlocks + "/eve/", "root").body, kDone);
  const std::string key = "apps.tilechat.users.bob.blocks.eve.update";
  EXPECT_EQ(submitter.sent, (std::vector<Sent>{{key, R"({"blocked":true})"}, {key, R"({"blocked":false})"}}));
  EXPECT_EQ(submitter.last_await, Submitter::Await::kCommit);
}

TEST_F(BlocksTest, SpeaksTheLayoutThatIsOn) {
  topics.chat21 = false;
  topics.path_key = ".chat";
  EXPECT_EQ(ask(Method::kPut, kBlocks + "/eve", "bob").status, 200U);
  EXPECT_EQ(submitter.sent[0].key, ".chat.bob.blocks.eve.update");
}

TEST_F(BlocksTest, AreTheirOwnersAlone) {
  for (const Method method : {Method::kGet, Method::kPut, Method::kDelete}) {
    EXPECT_EQ(ask(method, kBlocks + "/eve", "eve").status, 401U);
    EXPECT_EQ(ask(method, kBlocks + "/a%20b", "bob").status, 400U);
    EXPECT_EQ(ask(method, kBlocks + "/eve", "").status, 403U);
  }
  EXPECT_EQ(ask(Method::kGet, kBlocks, "eve").status, 401U);
  EXPECT_THAT(submitter.sent, IsEmpty());
}

TEST_F(BlocksTest, TheEngineMayRefuse) {
  submitter.verdict = refused(Reason::kTooManyBlocks, "a user may block 2 others");
  const Response full = ask(Method::kPut, kBlocks + "/eve", "bob");
  EXPECT_EQ(full.status, 409U);
  EXPECT_EQ(full.body, R"({"success":false,"err":"a user may block 2 others","code":"too_many_blocks"})");
  submitter.verdict = refused(Reason::kNotAllowed);
  EXPECT_EQ(ask(Method::kPut, kBlocks + "/bob", "bob").status, 403U);
  submitter.verdict = {{}, {}, "not connected"};
  EXPECT_EQ(ask(Method::kDelete, kBlocks + "/eve", "bob").status, 503U);
}

TEST_F(BlocksTest, AreRead) {
  put_block("bob", "eve", 5);
  put_block("eve", "bob", 6);
  EXPECT_EQ(ask(Method::kGet, kBlocks + "/eve", "bob").body,
            R"({"success":true,"result":{"user":"eve","blocked":true,"timestamp":5}})");
  const Response none = ask(Method::kGet, kBlocks + "/ann", "root");
  EXPECT_EQ(none.status, 200U);
  EXPECT_EQ(none.body, R"({"success":true,"result":{"user":"ann","blocked":false}})");
}

TEST_F(BlocksTest, ComeInPages) {
  EXPECT_EQ(ask(Method::kGet, kBlocks, "bob").body, R"({"success":true,"result":[]})");
  for (const char* user : {"dan", "ann", "cat"}) put_block("bob", user, 5);
  EXPECT_EQ(ask(Method::kGet, kBlocks + "?limit=2", "bob").body,
            R"({"success":true,"result":[{"user":"ann","timestamp":5},{"user":"cat","timestamp":5}]})");
  EXPECT_EQ(ask(Method::kGet, kBlocks + "?limit=2&after=cat", "bob").body,
            R"({"success":true,"result":[{"user":"dan","timestamp":5}]})");
  for (const char* query : {"?limit=0", "?limit=1001", "?after=a%20b", "?after="}) {
    EXPECT_EQ(ask(Method::kGet, kBlocks + query, "bob").status, 400U) << query;
  }
}

// --- bans

class BansTest : public ApiTest {
 protected:
  Response ban(const std::string& body, const std::string& who = "root") {
    return ask(Method::kPut, "/api/tilechat/bans/eve", who, body);
  }
};

TEST_F(BansTest, AreSaidToTheEngine) {
  const std::pair<std::string, std::string> cases[] = {
      {"", R"({"banned":true})"},
      {R"({"reason":"spam"})", R"({"banned":true,"reason":"spam"})"},
      {R"({"until":1700000000001})", R"({"banned":true,"until":1700000000001})"},
      {R"({"seconds":60,"until":null})", R"({"banned":true,"until":1700000060000})"},
      {R"({"reason":"\u0061","seconds":1})", R"({"banned":true,"reason":"a","until":1700000001000})"},
  };
  for (const auto& [body, payload] : cases) {
    submitter.sent.clear();
    EXPECT_EQ(ban(body).body, kDone) << body;
    EXPECT_EQ(submitter.sent, (std::vector<Sent>{{"apps.observer.tilechat.bans.eve.update", payload}}));
  }
  EXPECT_EQ(submitter.last_await, Submitter::Await::kCommit);
  EXPECT_EQ(ask(Method::kDelete, "/api/tilechat/bans/eve", "root").body, kDone);
  EXPECT_EQ(submitter.sent.back(), (Sent{"apps.observer.tilechat.bans.eve.update", R"({"banned":false})"}));
}

TEST_F(BansTest, MustMakeSense) {
  const std::string cases[] = {
      R"({"until":1700000000001,"seconds":60})",
      R"({"until":1700000000000})",
      R"({"until":1})",
      R"({"until":-1})",
      R"({"until":"tomorrow"})",
      R"({"seconds":0})",
      R"({"second":60})",
      R"({"seconds":-5})",
      R"({"seconds":9000000000000000000})",
      R"({"seconds":"60"})",
      R"({"reason":7})",
      R"({"reason":")" + std::string(513, 'x') + R"("})",
      "{",
      "[]",
  };
  for (const std::string& body : cases) EXPECT_EQ(ban(body).status, 400U) << body;
  EXPECT_EQ(ask(Method::kPut, "/api/tilechat/bans/a%20b", "root").status, 400U);
  EXPECT_THAT(submitter.sent, IsEmpty());
}

TEST_F(BansTest, AreForAdministrators) {
  EXPECT_EQ(ban("{}", "bob").status, 401U);
  EXPECT_EQ(ask(Method::kDelete, "/api/tilechat/bans/eve", "eve").status, 401U);
  EXPECT_EQ(ask(Method::kGet, "/api/tilechat/bans/eve", "eve").status, 401U);
  EXPECT_EQ(ask(Method::kGet, "/api/tilechat/bans", "eve").status, 401U);
  EXPECT_THAT(submitter.sent, IsEmpty());
}

TEST_F(BansTest, TheEngineMayRefuse) {
  submitter.verdict = refused(Reason::kNotAllowed, "the system cannot be banned");
  EXPECT_EQ(ban("{}").status, 403U);
}

TEST_F(BansTest, AreRead) {
  put_ban("eve", "spam", kNow + 1);
  put_ban("fay", "", kNow);
  put_ban("gus");
  EXPECT_EQ(ask(Method::kGet, "/api/tilechat/bans/eve", "root").body,
            R"({"success":true,"result":{"user":"eve","banned":true,"reason":"spam","timestamp":1,)"
            R"("until":1700000000001}})");
  EXPECT_EQ(ask(Method::kGet, "/api/tilechat/bans/ann", "root").body,
            R"({"success":true,"result":{"user":"ann","banned":false}})");
  EXPECT_EQ(ask(Method::kGet, "/api/tilechat/bans?limit=2&after=eve", "root").body,
            R"({"success":true,"result":[{"user":"fay","banned":false,"timestamp":1,"until":1700000000000},)"
            R"({"user":"gus","banned":true,"timestamp":1}]})");
  EXPECT_EQ(ask(Method::kGet, "/api/tilechat/bans?after=a%20b", "root").status, 400U);
}

// --- what a banned user may not do

class BannedTest : public ApiTest {
 protected:
  BannedTest() {
    put_group("group-1", "bob", {"bob", "cat"});
    put_ban("bob", "spam");
  }
};

TEST_F(BannedTest, NeitherTypesNorChangesGroups) {
  const std::string group = "/api/tilechat/groups/group-1";
  const std::tuple<Method, std::string, std::string> cases[] = {
      {Method::kPut, "/api/tilechat/typings/ann", "{}"},
      {Method::kDelete, "/api/tilechat/typings/group-1", "{}"},
      {Method::kPost, "/api/tilechat/groups", R"({"group_name":"G","group_members":{}})"},
      {Method::kPut, group, R"({"group_name":"G"})"},
      {Method::kPut, group + "/attributes", R"({"attributes":{}})"},
      {Method::kPost, group + "/members", R"({"member_id":"dan"})"},
      {Method::kPut, group + "/members", R"({"members":["dan"]})"},
      {Method::kDelete, group + "/members/cat", ""},
      {Method::kDelete, "/api/tilechat/group-1/conversations/timelines", ""},
      {Method::kDelete, "/api/tilechat/group-1/messages/timelines", ""},
  };
  for (const auto& [method, path, body] : cases) {
    const Response got = ask(method, path, "bob", body);
    EXPECT_EQ(got.status, 403U) << path;
    EXPECT_EQ(got.body, R"({"success":false,"err":"you may not send anything: spam","code":"banned"})");
  }
  EXPECT_EQ(ask(Method::kPut, "/api/tilechat/typings/ann", "root", R"({"writer_id":"bob"})").status, 403U);
  EXPECT_THAT(submitter.sent, IsEmpty());
}

TEST_F(BannedTest, StillReadsAndBlocks) {
  EXPECT_EQ(ask(Method::kGet, "/api/tilechat/groups/group-1", "bob").status, 200U);
  EXPECT_EQ(ask(Method::kGet, "/api/tilechat/bob/conversations", "bob").status, 200U);
  EXPECT_EQ(ask(Method::kPut, "/api/tilechat/bob/blocks/eve", "bob").status, 200U);
}

TEST_F(BannedTest, UntilItIsOver) {
  put_ban("bob", "spam", kNow + 1);
  EXPECT_EQ(ask(Method::kPut, "/api/tilechat/typings/ann", "bob", "{}").status, 403U);
  put_ban("bob", "spam", kNow);
  EXPECT_EQ(ask(Method::kPut, "/api/tilechat/typings/ann", "bob", "{}").status, 200U);
  EXPECT_EQ(ask(Method::kPut, "/api/tilechat/groups/group-1", "bob", R"({"group_name":"G"})").status, 200U);
}

// --- what a block keeps from whom

class BlockedTest : public ApiTest {
 protected:
  std::vector<std::string> typing_reaches(const std::string& recipient) {
    submitter.sent.clear();
    EXPECT_EQ(ask(Method::kPut, "/api/tilechat/typings/" + recipient, "bob", "{}").body, kDone);
    std::vector<std::string> keys;
    for (const Sent& sent : submitter.sent) keys.push_back(sent.key);
    return keys;
  }
};

TEST_F(BlockedTest, TypingGoesThroughABlockInNeitherDirection) {
  put_block("ann", "bob");
  put_block("bob", "cat");
  put_block("dan", "cat");
  EXPECT_THAT(typing_reaches("ann"), IsEmpty());
  EXPECT_THAT(typing_reaches("cat"), IsEmpty());
  EXPECT_EQ(typing_reaches("dan"),
            std::vector<std::string>{"apps.tilechat.users.dan.typings.bob.clienttyping"});
  put_group("group-1", "bob", {"ann", "bob", "cat", "dan"});
  EXPECT_EQ(typing_reaches("group-1"),
            std::vector<std::string>{"apps.tilechat.users.dan.typings.group-1.clienttyping"});
}

TEST_F(BlockedTest, AJoinerGetsNoHistoryOfWhomHeBlocks) {
  put_group("group-1", "bob", {"bob", "cat", "eve"});
  for (int i = 0; i < 6; ++i) {
    put_message("m" + std::to_string(i), i % 2 == 0 ? "eve" : "cat", "group-1", 10 + i,
                {{"group-1", "group-1"}});
  }
  put_block("ann", "eve");
  put_block("dan", "cat");
  EXPECT_EQ(ask(Method::kPut, "/api/tilechat/groups/group-1/members", "bob",
                R"({"members":["bob","cat","eve","ann","dan"]})")
                .body,
            kDone);
  std::string to_ann;
  std::string to_dan;
  for (const Sent& sent : submitter.sent) {
    if (sent.key.find(".users.ann.messages.") != std::string::npos) to_ann += sent.payload;
    if (sent.key.find(".users.dan.messages.") != std::string::npos) to_dan += sent.payload;
  }
  for (const char* own : {"t-m1", "t-m3", "t-m5"}) {
    EXPECT_THAT(to_ann, HasSubstr(own));
    EXPECT_THAT(to_dan, Not(HasSubstr(own)));
  }
  for (const char* own : {"t-m0", "t-m2", "t-m4"}) {
    EXPECT_THAT(to_ann, Not(HasSubstr(own)));
    EXPECT_THAT(to_dan, HasSubstr(own));
  }
}

// --- groups

class GroupPolicyTest : public ApiTest {
 protected:
  GroupPolicyTest() {
    put_group("group-1", "bob", {"bob", "cat"});
    api.settings.max_group_members = 2;
  }
  const std::string kGroup = "/api/tilechat/groups/group-1";
};

TEST_F(GroupPolicyTest, HaveNoMoreMembersThanTheyMay) {
  const std::tuple<Method, std::string, std::string> cases[] = {
      {Method::kPost, "/api/tilechat/groups", R"({"group_name":"G","group_members":["ann","cat"]})"},
      {Method::kPost, "/api/tilechat/groups",
       R"({"group_name":"G","group_id":"group-1","group_members":["ann","cat"]})"},
      {Method::kPost, kGroup + "/members", R"({"member_id":"dan"})"},
      {Method::kPut, kGroup + "/members", R"({"members":["ann","bob","cat"]})"},
  };
  for (const auto& [method, path, body] : cases) {
    const Response got = ask(method, path, "bob", body);
    EXPECT_EQ(got.status, 400U) << path;
    EXPECT_EQ(got.body, R"({"success":false,"err":"a group may have 2 members","code":"group_too_large"})");
  }
  EXPECT_THAT(submitter.sent, IsEmpty());
  EXPECT_EQ(ask(Method::kPut, kGroup + "/members", "bob", R"({"members":["ann","bob"]})").status, 200U);
  EXPECT_EQ(ask(Method::kPost, "/api/tilechat/groups", "bob", R"({"group_name":"G","group_members":["ann"]})")
                .status,
            201U);
}

// The engine decides part by part: that an announcement was refused says nothing of the group.
TEST_F(GroupPolicyTest, AreChangedEvenIfNobodyIsTold) {
  for (const Reason reason : {Reason::kBlocked, Reason::kFanoutFull, Reason::kTooLarge}) {
    submitter.verdict = refused(reason);
    submitter.verdict.refused_part = 1;
    EXPECT_EQ(ask(Method::kDelete, kGroup + "/members/cat", "bob").body, kDone) << code_of(reason);
    EXPECT_EQ(
        ask(Method::kPost, "/api/tilechat/groups", "bob", R"({"group_name":"G","group_members":[]})").status,
        201U);
  }
  submitter.verdict.failure = "not connected";
  EXPECT_EQ(ask(Method::kDelete, kGroup + "/members/cat", "bob").status, 503U);
  submitter.verdict = refused(Reason::kGroupTooLarge);
  EXPECT_EQ(ask(Method::kDelete, kGroup + "/members/cat", "bob").status, 400U);
}

/// What users give groups to say is read by others, as their messages are.
TEST_F(GroupPolicyTest, SayWhatTheFiltersAllow) {
  api.settings.max_group_members = 10;
  const std::tuple<Method, std::string, std::string> cases[] = {
      {Method::kPost, "/api/tilechat/groups", R"({"group_name":"BAD","group_members":[]})"},
      {Method::kPost, "/api/tilechat/groups",
       R"({"group_name":"G","group_members":[],"attributes":{"x":"BAD"}})"},
      {Method::kPost, "/api/tilechat/groups",
       R"({"group_name":"BAD","group_id":"group-1","group_members":["cat"]})"},
      {Method::kPut, kGroup, R"({"group_name":"so BAD"})"},
      {Method::kPut, kGroup + "/attributes", R"({"attributes":{"x":"BAD"}})"},
      {Method::kPost, kGroup + "/members", R"({"member_id":"BAD"})"},
      {Method::kPut, kGroup + "/members", R"({"members":["bob","BAD"]})"},
  };
  for (const FilterAction action : {FilterAction::kReject, FilterAction::kMask, FilterAction::kShadow}) {
    content.words = {{"BAD", action}};
    for (const auto& [method, path, body] : cases) {
      const Response got = ask(method, path, "bob", body);
      EXPECT_EQ(got.status, 422U) << path << body;
      const bool rejects = action == FilterAction::kReject;
      EXPECT_THAT(got.body, HasSubstr(rejects ? R"("code":"rude")" : R"("code":"filtered")"));
    }
  }
  EXPECT_THAT(submitter.sent, IsEmpty());
  content.words = {{"BAD", FilterAction::kFlag}};
  for (const auto& [method, path, body] : cases)
    EXPECT_LT(ask(method, path, "bob", body).status, 300U) << body;
  content.words = {{"BAD", FilterAction::kReject}};
  for (const auto& [method, path, body] : cases)
    EXPECT_LT(ask(method, path, "root", body).status, 300U) << body;
  content.words = {{"Team", FilterAction::kReject}};
  EXPECT_EQ(ask(Method::kPost, kGroup + "/members", "bob", R"({"member_id":"dan"})").status, 200U)
      << "an old name is not his to answer for";
}

TEST_F(GroupPolicyTest, NobodyIsMadeAMemberByOneWhomHeBlocks) {
  put_block("ann", "bob");
  api.settings.max_group_members = 10;
  const std::string joins = R"({"member_id":"ann"})";
  EXPECT_EQ(ask(Method::kPost, kGroup + "/members", "bob", joins).body, kDone) << "he is not told";
  EXPECT_THAT(submitter.sent, IsEmpty());
  const Response created = ask(Method::kPost, "/api/tilechat/groups", "bob",
                               R"({"group_name":"G","group_members":["ann","dan"]})");
  EXPECT_EQ(created.status, 201U);
  EXPECT_THAT(created.body, HasSubstr(R"("members":{"dan":1,"bob":1})"));
  for (const Sent& sent : submitter.sent) EXPECT_THAT(sent.payload, Not(HasSubstr("\"ann\"")));
  EXPECT_EQ(ask(Method::kPost, kGroup + "/members", "root", joins).status, 200U);
  api.settings.block_notice = BlockNotice::kTold;
  EXPECT_THAT(ask(Method::kPost, kGroup + "/members", "bob", joins).body, HasSubstr(R"("code":"blocked")"));
}

// --- filters

class FiltersApiTest : public ApiTest {
 protected:
  Response put(const std::string& body, const std::string& who = "root") {
    return ask(Method::kPut, "/api/tilechat/filters", who, body);
  }
};

TEST_F(FiltersApiTest, AreReplaced) {
  const std::string document = R"({"filters": [{"name":"a","action":"flag","links":true}]})";
  EXPECT_EQ(put(document).body, kDone);
  EXPECT_EQ(ask(Method::kDelete, "/api/tilechat/filters", "root").body, kDone);
  EXPECT_EQ(filters.documents, (std::vector<std::string>{document, R"({"filters":[]})"}));
  EXPECT_THAT(submitter.sent, IsEmpty());
}

TEST_F(FiltersApiTest, StayAsTheyAreWhereTheNewOnesHaveMistakes) {
  filters.problems = {"rule 1: no \"name\"", "rule 2: \xff"};
  const Response got = put(R"({"filters":[]})");
  EXPECT_EQ(got.status, 400U);
  EXPECT_EQ(got.body,
            R"({"success":false,"err":"the filters cannot be used; those before them stay in force",)"
            R"("code":"bad_field","problems":["rule 1: no \"name\"","rule 2: )"
            "\xEF\xBF\xBD\"]}");
}

TEST_F(FiltersApiTest, AnswerOnceTheyAreInForce) {
  filters.holds = true;
  Response got{0, "", ""};
  router.handle(request(Method::kPut, "/api/tilechat/filters", "root", R"({"filters":[]})"),
                Responder([&got](Response response) { got = std::move(response); }));
  EXPECT_EQ(got.status, 0U);
  backend.close();
  filters.held.front()({});
  EXPECT_EQ(got.status, 200U);
}

TEST_F(FiltersApiTest, AreForAdministratorsWithADocument) {
  for (const Method method : {Method::kGet, Method::kPut, Method::kDelete}) {
    EXPECT_EQ(ask(method, "/api/tilechat/filters", "bob").status, 401U);
  }
  EXPECT_EQ(put("").status, 405U);
  EXPECT_EQ(put("{}").status, 405U);
  EXPECT_EQ(put("{").status, 400U);
  EXPECT_EQ(put("[]").status, 400U);
  EXPECT_THAT(filters.documents, IsEmpty());
}

TEST_F(FiltersApiTest, AreReadWithWhatIsInForce) {
  EXPECT_EQ(ask(Method::kGet, "/api/tilechat/filters", "root").body,
            R"({"success":true,"result":{"filters":[]},)"
            R"("status":{"rules":0,"words":0,"patterns":0,"problems":[]}})");
  Commit commit;
  commit.filters.push_back({topics.app, 1, R"({"filters":[{"name":"a"}]})"});
  store.commit(commit);
  filters.now = {.rules = 3, .words = 20, .patterns = 1, .problems = {"policy.toml:7: no"}};
  EXPECT_EQ(ask(Method::kGet, "/api/tilechat/filters", "root").body,
            R"({"success":true,"result":{"filters":[{"name":"a"}]},)"
            R"("status":{"rules":3,"words":20,"patterns":1,"problems":["policy.toml:7: no"]}})");
}

TEST_F(FiltersApiTest, CannotBeChangedWhereNobodyKeepsThem) {
  backend.close();
  backend.open({store, submitter, contacts, loop});
  EXPECT_EQ(put(R"({"filters":[]})").status, 503U);
  EXPECT_EQ(ask(Method::kDelete, "/api/tilechat/filters", "root").status, 503U);
  EXPECT_EQ(ask(Method::kGet, "/api/tilechat/filters", "root").status, 200U);
}

}  // namespace
}  // namespace inboxd::http::testing
