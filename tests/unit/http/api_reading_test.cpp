#include "unit/http/api_fixture.hpp"

namespace inboxd::http::testing {
namespace {

using ::testing::HasSubstr;

const std::string kEmpty = R"({"success":true,"result":[]})";

TEST_F(ApiTest, ListsConversationsNewestFirst) {
  put_message("m1", "ann", "bob", 10, {{"bob", "ann"}});
  put_message("m2", "cat", "bob", 20, {{"bob", "cat"}});
  put_message("m3", "dan", "bob", 30, {{"bob", "dan"}});
  put_conversation("bob", "ann", "m1", 10, false, 3);
  put_conversation("bob", "cat", "m2", 20);
  put_conversation("bob", "dan", "m3", 30, true);
  const std::string active = ask(Method::kGet, "/api/tilechat/bob/conversations", "bob").body;
  EXPECT_LT(active.find("t-m2"), active.find("t-m1"));
  EXPECT_EQ(active.find("t-m3"), std::string::npos);
  EXPECT_THAT(active, HasSubstr(R"("unread_count":3)"));
  for (const char* path : {"conversations/archived", "archived_conversations"}) {
    const std::string archived = ask(Method::kGet, std::string("/api/tilechat/bob/") + path, "bob").body;
    EXPECT_THAT(archived, HasSubstr("t-m3"));
    EXPECT_EQ(archived.find("t-m1"), std::string::npos);
  }
  EXPECT_THAT(ask(Method::kGet, "/api/tilechat/bob/conversations/ann", "bob").body,
              HasSubstr(R"("result":[{"text":"t-m1")"));
  EXPECT_EQ(ask(Method::kGet, "/api/tilechat/bob/conversations/dan", "bob").body, kEmpty);
  EXPECT_THAT(ask(Method::kGet, "/api/tilechat/bob/archived_conversations/dan", "bob").body,
              HasSubstr("t-m3"));
  EXPECT_EQ(ask(Method::kGet, "/api/tilechat/bob/conversations/nobody", "bob").body, kEmpty);
}

TEST_F(ApiTest, PagesThroughHistory) {
  for (int i = 1; i <= 4; ++i) {
    put_message("m" + std::to_string(i), "ann", "bob", i < 3 ? 10 : 10 * i, {{"bob", "ann"}});
  }
  const auto ids = [this](const std::string& query) {
    const std::string body =
        ask(Method::kGet, "/api/tilechat/bob/conversations/ann/messages?" + query, "bob").body;
    std::string order;
    for (auto at = body.find("t-m"); at != std::string::npos; at = body.find("t-m", at + 1))
      order += body[at + 3];
    return order;
  };
  EXPECT_EQ(ids(""), "4321");
  EXPECT_EQ(ids("sort=asc"), "1234");
  EXPECT_EQ(ids("limit=2"), "43");
  EXPECT_EQ(ids("before=30"), "21");
  EXPECT_EQ(ids("before=10,m2"), "1");
  EXPECT_EQ(ids("after=10,m1"), "432");
  EXPECT_EQ(ids("after=30,m3&sort=asc"), "4");
  EXPECT_THAT(ask(Method::kGet, "/api/tilechat/bob/conversations/ann/messages", "bob").body,
              HasSubstr(R"("status":150)"));
}

TEST_F(ApiTest, RefusesBadPages) {
  const std::string path = "/api/tilechat/bob/conversations/ann/messages?";
  for (const char* query : {"limit=0", "limit=1001", "limit=x", "limit=", "before=x", "before=-1",
                            "before=1,a/b", "before=99999999999999999999", "after=1,", "sort=up"}) {
    EXPECT_EQ(ask(Method::kGet, path + query, "bob").status, 400U) << query;
  }
  EXPECT_EQ(ask(Method::kGet, "/api/tilechat/b.b/conversations", "bob").status, 400U);
  for (const char* query : {"since=x", "since=-1", "limit=0", "limit=1001"}) {
    EXPECT_EQ(ask(Method::kGet, std::string("/api/tilechat/bob/messages?") + query, "bob").status, 400U)
        << query;
  }
}

TEST_F(ApiTest, TellsWhatCameSince) {
  put_message("m1", "ann", "bob", 10, {{"bob", "ann"}});
  put_message("m2", "cat", "bob", 20, {{"bob", "cat"}}, R"(,"timelineOf":"forged")");
  const Response first = ask(Method::kGet, "/api/tilechat/bob/messages?limit=1", "bob");
  EXPECT_EQ(first.status, 200U);
  EXPECT_THAT(first.body, HasSubstr(R"("timelineOf":"bob","conversWith":"ann"})"));
  EXPECT_THAT(first.body, HasSubstr(R"("cursor":"1700000000000000","more":true,"complete":false)"));
  const Response second = ask(Method::kGet, "/api/tilechat/bob/messages?since=1700000000000000", "bob");
  EXPECT_THAT(second.body, HasSubstr("t-m2"));
  EXPECT_EQ(second.body.find("forged"), std::string::npos);
  EXPECT_EQ(second.body.find("t-m1"), std::string::npos);
  EXPECT_THAT(second.body, HasSubstr(R"("more":false,"complete":true)"));
  api.settings.sync_retention = std::chrono::milliseconds(1);
  clock.advance(std::chrono::milliseconds(2));
  EXPECT_THAT(ask(Method::kGet, "/api/tilechat/bob/messages?since=1700000000000000", "bob").body,
              HasSubstr(R"("complete":false)"));
}

TEST_F(ApiTest, KeepsInstances) {
  const std::string path = "/api/tilechat/bob/instances/";
  EXPECT_EQ(ask(Method::kPost, path + "tok:en", "bob", R"({"platform":"web","language":"it","x":1})").status,
            200U);
  const std::string list = ask(Method::kGet, "/api/tilechat/bob/instances", "root").body;
  EXPECT_THAT(list, HasSubstr(R"("instance_id":"tok:en","user_id":"bob","app_id":"tilechat")"));
  EXPECT_THAT(list, HasSubstr(R"("language":"it","platform":"web")"));
  EXPECT_EQ(ask(Method::kPost, path + "a%20b", "bob", "{}").status, 400U);
  EXPECT_EQ(ask(Method::kPost, path + std::string(513, 'a'), "bob", "{}").status, 400U);
  EXPECT_EQ(ask(Method::kPost, path + "a", "bob", R"({"platform":1})").status, 400U);
  EXPECT_EQ(ask(Method::kPost, path + "a", "bob", "[").status, 400U);
}

TEST_F(ApiTest, PutsUndeliveredEventsBack) {
  int rescans = 0;
  api.rescan = [&rescans] { ++rescans; };
  Commit commit;
  for (const std::uint64_t sequence : {5U, 6U, 7U}) {
    commit.undelivered.push_back({{.sequence = sequence,
                                   .endpoint = "http://e/",
                                   .ordering_key = "k",
                                   .event_id = "id" + std::to_string(sequence),
                                   .created_at = 1,
                                   .body = R"({"a":1})"},
                                  2,
                                  "HTTP 500",
                                  3});
  }
  store.commit(commit);
  const std::string list = ask(Method::kGet, "/api/tilechat/webhooks/undelivered?limit=1", "root").body;
  EXPECT_THAT(list, HasSubstr(R"("attempts":3,"event":{"a":1}})"));
  const std::string path = "/api/tilechat/webhooks/replay";
  EXPECT_EQ(ask(Method::kPost, path, "root", R"({"ids":["6", 99]})").body,
            R"({"success":true,"replayed":1})");
  ASSERT_EQ(store.outbox("http://e/", 0, 9).size(), 1U);
  EXPECT_EQ(store.outbox("http://e/", 0, 9)[0].sequence, 6U);
  EXPECT_EQ(store.outbox("http://e/", 0, 9)[0].event_id, "id6");
  EXPECT_EQ(ask(Method::kPost, path, "root", R"({"all":true})").body, R"({"success":true,"replayed":2})");
  EXPECT_TRUE(store.undelivered(9).empty());
  EXPECT_EQ(rescans, 2);
  EXPECT_EQ(ask(Method::kPost, path, "root", R"({"all":true})").body, R"({"success":true,"replayed":0})");
  EXPECT_EQ(rescans, 2);
  EXPECT_EQ(ask(Method::kPost, path, "root", R"({"ids":[]})").status, 200U);
  EXPECT_EQ(ask(Method::kPost, path, "root", "{}").status, 405U);
  for (const char* bad : {R"({"ids":["x"]})", R"({"ids":[1,]})", R"({"ids":[[1]]})", R"({"ids":5})"}) {
    EXPECT_EQ(ask(Method::kPost, path, "root", bad).status, 400U) << bad;
  }
}

}  // namespace
}  // namespace inboxd::http::testing
