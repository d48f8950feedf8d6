#include "unit/auth/keys.hpp"
#include "unit/http/api_fixture.hpp"

namespace inboxd::http::testing {
namespace {

using ::testing::HasSubstr;

const std::string kUnauthorized = R"({"success":false,"msg":"Unauthorized."})";

struct Route {
  Method method;
  const char* path;
  const char* body;
  unsigned own;    ///< what bob gets
  unsigned other;  ///< what eve gets
  unsigned admin;
};

/// Every route, asked for what is bob's, by each kind of caller.
const Route kRoutes[] = {
    {Method::kGet, "/api/tilechat/bob/conversations", "", 200, 401, 200},
    {Method::kGet, "/api/tilechat/bob/conversations/", "", 200, 401, 200},
    {Method::kGet, "/api/tilechat/bob/conversations/archived", "", 200, 401, 200},
    {Method::kGet, "/api/tilechat/bob/archived_conversations", "", 200, 401, 200},
    {Method::kGet, "/api/tilechat/bob/conversations/ann", "", 200, 401, 200},
    {Method::kGet, "/api/tilechat/bob/archived_conversations/ann", "", 200, 401, 200},
    {Method::kGet, "/api/tilechat/bob/conversations/ann/messages", "", 200, 401, 200},
    {Method::kGet, "/api/tilechat/bob/messages", "", 200, 401, 200},
    {Method::kGet, "/api/tilechat/group-1/conversations", "", 401, 401, 200},
    {Method::kGet, "/api/tilechat/group-1/conversations/group-1/messages", "", 401, 401, 200},
    {Method::kDelete, "/api/tilechat/conversations/ann", R"({"user_id":"bob"})", 201, 401, 201},
    {Method::kPost, "/api/tilechat/messages", R"({"recipient_id":"ann","text":"hi","sender_id":"bob"})", 200,
     401, 200},
    {Method::kPost, "/api/tilechat/groups", R"({"group_name":"G","group_members":{},"group_owner":"bob"})",
     201, 401, 201},
    {Method::kPost, "/api/tilechat/groups", R"({"group_name":"G","group_id":"group-1","group_members":{}})",
     201, 401, 201},
    {Method::kGet, "/api/tilechat/groups/group-1", "", 200, 401, 200},
    {Method::kGet, "/api/tilechat/groups/group-0", "", 404, 404, 404},
    {Method::kPost, "/api/tilechat/groups/group-1/members", R"({"member_id":"new"})", 200, 401, 200},
    {Method::kPut, "/api/tilechat/groups/group-1/members", R"({"members":{"bob":1}})", 200, 401, 200},
    {Method::kDelete, "/api/tilechat/groups/group-1/members/ann", "", 200, 401, 200},
    {Method::kPut, "/api/tilechat/groups/group-1", R"({"group_name":"N"})", 200, 401, 200},
    {Method::kPut, "/api/tilechat/groups/group-1/attributes", R"({"attributes":{}})", 200, 401, 200},
    {Method::kDelete, "/api/tilechat/group-1/conversations/timelines", "", 200, 401, 200},
    {Method::kDelete, "/api/tilechat/group-1/messages/timelines", "", 200, 401, 200},
    {Method::kPost, "/api/tilechat/bob/instances/a:b", "{}", 200, 401, 200},
    {Method::kGet, "/api/tilechat/bob/instances", "", 401, 401, 200},
    {Method::kPut, "/api/tilechat/typings/ann", R"({"writer_id":"bob"})", 200, 401, 200},
    {Method::kDelete, "/api/tilechat/typings/ann", R"({"writer_id":"bob"})", 200, 401, 200},
    {Method::kPut, "/api/tilechat/typings/group-1", "{}", 200, 401, 200},
    {Method::kGet, "/api/tilechat/webhooks/undelivered", "", 401, 401, 200},
    {Method::kPost, "/api/tilechat/webhooks/replay", R"({"all":true})", 401, 401, 200},
    {Method::kPost, "/api/tilechat/notify", "{}", 401, 401, 200},
    {Method::kGet, "/api/admin/connections", "", 401, 401, 200},
    {Method::kDelete, "/api/admin/connections/7", "", 401, 401, 200},
    {Method::kGet, "/api/tilechat/getInfo", "", 200, 200, 200},
};

TEST_F(ApiTest, ServesOnesOwnAndAdministrators) {
  for (const Route& route : kRoutes) {
    put_group("group-1", "bob", {"bob", "ann"});
    EXPECT_EQ(ask(route.method, route.path, "eve", route.body).status, route.other) << route.path;
    EXPECT_EQ(ask(route.method, route.path, "bob", route.body).status, route.own) << route.path;
    EXPECT_EQ(ask(route.method, route.path, "root", route.body).status, route.admin) << route.path;
  }
}

TEST_F(ApiTest, TurnsAwayWhoeverHasNoGoodToken) {
  using auth::testing::hmac_token;
  const std::string claims = R"({"user_id":"bob","app_id":"tilechat","aud":"rabbitmq","exp":1800000000})";
  const std::string none =
      auth::testing::base64url(R"({"alg":"none"})") + "." + auth::testing::base64url(claims) + ".";
  const std::string tokens[] = {"",
                                "nonsense",
                                none,
                                hmac_token(R"({"alg":"HS256"})", claims, "another secret"),
                                token("bob", false, "other"),
                                token("root", true, "other"),
                                token("bob", false, "tilechat", 1'600'000'000'000)};
  for (const Route& route : kRoutes) {
    for (const std::string& bad : tokens) {
      Request made = request(route.method, route.path, "", route.body);
      if (!bad.empty()) made.headers.emplace_back("Authorization", bad);
      const Response got = answer(router, std::move(made));
      EXPECT_EQ(got.status, 403U) << route.path;
      EXPECT_EQ(got.body, kUnauthorized);
    }
  }
  EXPECT_TRUE(submitter.sent.empty());
}

TEST_F(ApiTest, ServesOneAppAlone) {
  Request made = request(Method::kGet, "/api/other/bob/conversations", "");
  made.headers.emplace_back("Authorization", token("bob", false, "other"));
  EXPECT_EQ(answer(router, std::move(made)).status, 404U);
}

TEST_F(ApiTest, FindsTheTokenWhereClientsPutIt) {
  const std::string path = "/api/tilechat/bob/conversations";
  const std::string good = token("bob");
  const std::pair<const char*, std::string> headers[] = {
      {"Authorization", good}, {"authorization", "Bearer " + good}, {"JWT", good}, {"jwt", good}};
  for (const auto& [name, value] : headers) {
    Request made = request(Method::kGet, path, "");
    made.headers.emplace_back(name, value);
    EXPECT_EQ(answer(router, std::move(made)).status, 200U) << name;
  }
  for (const char* name : {"token", "jwt", "JWT"}) {
    EXPECT_EQ(ask(Method::kGet, path + "?x=1&" + name + "=" + good, "").status, 200U) << name;
  }
}

TEST_F(ApiTest, IsOpenToBrowsers) {
  const Response preflight = ask(Method::kOptions, "/api/tilechat/bob/conversations", "");
  EXPECT_EQ(preflight.status, 204U);
  const auto has = [](const Response& response, const std::string& name, const std::string& part) {
    for (const auto& [key, value] : response.headers) {
      if (key == name && value.find(part) != std::string::npos) return true;
    }
    return false;
  };
  EXPECT_TRUE(has(preflight, "Access-Control-Allow-Methods", "DELETE"));
  EXPECT_TRUE(has(preflight, "Access-Control-Allow-Headers", "Authorization, Content-Type"));
  EXPECT_TRUE(has(preflight, "Access-Control-Max-Age", "86400"));
  for (const char* path : {"/api/tilechat/bob/conversations", "/api/nothing/at/all/here", "/verify"}) {
    EXPECT_TRUE(has(ask(Method::kGet, path, ""), "Access-Control-Allow-Origin", "*")) << path;
  }
  EXPECT_FALSE(has(ask(Method::kGet, "/apiary", ""), "Access-Control-Allow-Origin", "*"));
}

TEST_F(ApiTest, SaysWhenThereIsNothingToWorkOn) {
  backend.close();
  EXPECT_EQ(ask(Method::kGet, "/api/tilechat/bob/conversations", "bob").status, 503U);
  EXPECT_EQ(ask(Method::kGet, "/api/tilechat/bob/conversations", "").status, 403U);
}

TEST_F(ApiTest, Miscellany) {
  EXPECT_EQ(ask(Method::kGet, "/api/tilechat/getInfo", "bob").body, R"({"v":")" INBOXD_VERSION R"("})");
  EXPECT_EQ(ask(Method::kPost, "/api/tilechat/push/webhook/endpoint/x", "").body, R"({"success":true})");
  const Response claims = ask(Method::kGet, "/verify", "bob");
  EXPECT_EQ(claims.status, 200U);
  EXPECT_THAT(claims.body, HasSubstr(R"("user_id":"bob")"));
  EXPECT_EQ(ask(Method::kGet, "/verify", "").body, kUnauthorized);
}

TEST_F(ApiTest, OfAClaimThatIsThereTwiceTheAnswerHasTheOneThatCounts) {
  Request twice = request(Method::kGet, "/verify", "");
  twice.headers.emplace_back(
      "Authorization",
      auth::testing::hmac_token(R"({"alg":"HS256"})",
                                R"({"user_id":"eve", "user_id":"bob","app_id":"tilechat","aud":"rabbitmq",)"
                                R"("exp":1700003600})",
                                kSecret));
  EXPECT_EQ(answer(router, twice).body,
            R"({"user_id":"bob","app_id":"tilechat","aud":"rabbitmq","exp":1700003600})");
}

}  // namespace
}  // namespace inboxd::http::testing
