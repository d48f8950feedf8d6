#include "unit/http/api_fixture.hpp"

namespace inboxd::http::testing {
namespace {

using ::testing::HasSubstr;

const std::string kConnections = "/api/admin/connections";

TEST_F(ApiTest, ConnectionsAreListedAsJsonWhateverClientsCallThemselves) {
  const Response got = ask(Method::kGet, kConnections, "root");
  EXPECT_EQ(got.status, 200U);
  EXPECT_EQ(
      got.body,
      R"({"success":true,"result":[{"id":"7","client_id":"c-\u0001�","user":"ann","address":"127.0.0.1",)"
      R"("version":"5.0","persistent":true,"connected_at":1700000000000,"subscriptions":2,"in_flight":3,)"
      R"("queued":4}]})");
}

TEST_F(ApiTest, ConnectionsAreAskedForByUserAndPage) {
  ask(Method::kGet, kConnections, "root");
  ask(Method::kGet, kConnections + "?user=ann&after=12&limit=3", "root");
  ASSERT_EQ(connections.queries.size(), 2U);
  EXPECT_EQ(connections.queries[0].user, std::nullopt);
  EXPECT_EQ(connections.queries[0].after, 0U);
  EXPECT_EQ(connections.queries[0].limit, 200U);
  EXPECT_EQ(connections.queries[1].user, "ann");
  EXPECT_EQ(connections.queries[1].after, 12U);
  EXPECT_EQ(connections.queries[1].limit, 3U);
  for (const char* wrong : {"?after=x", "?after=-1", "?limit=0", "?limit=1001", "?limit=x"}) {
    EXPECT_EQ(ask(Method::kGet, kConnections + wrong, "root").status, 400U) << wrong;
  }
  EXPECT_EQ(connections.queries.size(), 2U);
}

TEST_F(ApiTest, AConnectionIsEndedOnce) {
  EXPECT_EQ(ask(Method::kDelete, kConnections + "/7", "root").body, R"({"success":true})");
  EXPECT_EQ(ask(Method::kDelete, kConnections + "/8", "root").status, 404U);
  EXPECT_EQ(ask(Method::kDelete, kConnections + "/x", "root").status, 400U);
}

TEST_F(ApiTest, ConnectionsToAnotherBrokerAreNotOurs) {
  backend.close();
  backend.open({store, submitter, contacts, loop});
  for (const auto& [method, path] :
       {std::pair{Method::kGet, kConnections}, {Method::kDelete, kConnections + "/7"}}) {
    const Response got = ask(method, path, "root");
    EXPECT_EQ(got.status, 404U) << path;
    EXPECT_THAT(got.body, HasSubstr("another broker")) << path;
  }
}

TEST_F(ApiTest, ConnectionsAreForAdministratorsOfThisApp) {
  Request elsewhere = request(Method::kGet, kConnections, "");
  EXPECT_EQ(answer(router, elsewhere).status, 403U) << "no token";
  elsewhere.headers.emplace_back("Authorization", token("root", true, "other"));
  EXPECT_EQ(answer(router, elsewhere).status, 403U);
  EXPECT_EQ(ask(Method::kGet, kConnections, "bob").status, 401U);
  EXPECT_TRUE(connections.queries.empty());
}

}  // namespace
}  // namespace inboxd::http::testing
