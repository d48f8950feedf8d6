#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "http/health.hpp"
#include "http/metrics.hpp"
#include "http/operations.hpp"
#include "http/router.hpp"
#include "store/memory_store.hpp"
#include "unit/http/answer.hpp"

namespace inboxd::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Request request(Method method, std::string path) {
  Request made;
  made.method = method;
  made.path = std::move(path);
  return made;
}

Router sample() {
  Router router;
  router.add(Method::kGet, "/api/{app}/groups/{id}", [](const Request& r) {
    return Response{200, "text/plain", r.parts.at("app") + "|" + r.parts.at("id")};
  });
  router.add(Method::kPost, "/api/{app}/groups/{id}", [](const Request&) {
    return Response{201, "text/plain", "made"};
  });
  router.add(Method::kGet, "/throws",
             [](const Request&) -> Response { throw std::runtime_error("inner secret"); });
  router.add(Method::kGet, "/", [](const Request&) { return Response{200, "text/plain", "root"}; });
  return router;
}

struct Case {
  Method method;
  const char* path;
  unsigned status;
  const char* body;
};

class RouterCase : public ::testing::TestWithParam<Case> {};

TEST_P(RouterCase, Answers) {
  const Response response = testing::answer(sample(), request(GetParam().method, GetParam().path));
  EXPECT_EQ(response.status, GetParam().status);
  EXPECT_THAT(response.body, HasSubstr(GetParam().body));
}

INSTANTIATE_TEST_SUITE_P(
    Http, RouterCase,
    ::testing::Values(
        Case{Method::kGet, "/api/a/groups/b", 200, "a|b"}, Case{Method::kHead, "/api/a/groups/b", 200, "a|b"},
        Case{Method::kGet, "/api/a/groups/b/", 200, "a|b"},
        Case{Method::kGet, "/api/a/groups/b%20c", 200, "a|b c"},
        Case{Method::kGet, "/api/a/groups/b%2", 404, "not found"},
        Case{Method::kGet, "/api/a/groups/%zz", 404, ""}, Case{Method::kGet, "/api//groups/b", 404, ""},
        Case{Method::kGet, "/api/a/groups/b//", 404, ""}, Case{Method::kPost, "/api/a/groups/b", 201, "made"},
        Case{Method::kPut, "/api/a/groups/b", 405, "success\":false"}, Case{Method::kOther, "/", 405, ""},
        Case{Method::kGet, "/", 200, "root"}, Case{Method::kGet, "", 200, "root"},
        Case{Method::kGet, "/nothing", 404, R"({"success":false,"err":"not found"})"},
        Case{Method::kGet, "/throws", 500, "internal error"}));

TEST(Router, SaysWhatIsAllowedAndHidesWhatWasThrown) {
  const Response refused = testing::answer(sample(), request(Method::kDelete, "/api/a/groups/b"));
  ASSERT_EQ(refused.headers.size(), 1U);
  EXPECT_EQ(refused.headers[0].second, "GET, HEAD, POST");
  EXPECT_THAT(testing::answer(sample(), request(Method::kGet, "/throws")).body, Not(HasSubstr("secret")));
}

TEST(HttpMessage, HeadersAreFoundInAnyCaseAndTextIsEscaped) {
  Request made;
  made.headers = {{"Content-Type", "x"}};
  EXPECT_EQ(made.header("content-type"), "x");
  EXPECT_FALSE(made.header("content"));
  EXPECT_EQ(json_string("a\"b\\\n\x01 é"), "\"a\\\"b\\\\\\n\\u0001 é\"");
  EXPECT_EQ(json_string("\xff"), "\"\xEF\xBF\xBD\"");
}

TEST(Health, IsReadyOnlyWithLinkAndStore) {
  Health health;
  store::MemoryStore store;
  EXPECT_FALSE(health.readiness().ready);
  health.link(LinkState::kUp, "");
  EXPECT_FALSE(health.readiness().ready);
  EXPECT_THAT(health.readiness().why, HasSubstr("store"));
  health.store(&store);
  EXPECT_TRUE(health.readiness().ready);
  EXPECT_EQ(health.readiness().why, "");
  for (const LinkState state :
       {LinkState::kDown, LinkState::kConnecting, LinkState::kStandby, LinkState::kBlocked,
        LinkState::kStoreFailed, LinkState::kDraining, LinkState::kStopped}) {
    health.link(state, "");
    EXPECT_FALSE(health.readiness().ready) << name_of(state);
    EXPECT_NE(health.readiness().why, "") << name_of(state);
  }
  health.link(LinkState::kDown, "refused: no such vhost");
  EXPECT_EQ(health.readiness().why, "refused: no such vhost");
}

TEST(Health, RoutesSayTheTruth) {
  Health health;
  Router router;
  add_health(router, health);
  EXPECT_EQ(testing::answer(router, request(Method::kGet, "/health/live")).status, 200U);
  health.link(LinkState::kStandby, "another \"one\"");
  const Response standby = testing::answer(router, request(Method::kGet, "/health/ready"));
  EXPECT_EQ(standby.status, 503U);
  EXPECT_EQ(standby.body, R"({"ready":false,"link":"standby","store":false,"why":"another \"one\""})");
  store::MemoryStore store;
  health.store(&store);
  health.link(LinkState::kUp, "");
  const Response ready = testing::answer(router, request(Method::kGet, "/health/ready"));
  EXPECT_EQ(ready.status, 200U);
  EXPECT_EQ(ready.body, R"({"ready":true,"link":"up","store":true,"why":""})");
}

TEST(Metrics, AllReasonsAndOutcomesStandAtZeroFromTheStart) {
  Health health;
  Metrics metrics(health);
  const std::string text = metrics.text();
  for (const Reason reason : kAllReasons) {
    EXPECT_THAT(text, HasSubstr("inboxd_refusals_total{reason=\"" + std::string(code_of(reason)) + "\"} 0"));
  }
  EXPECT_THAT(text, HasSubstr("inboxd_deliveries_total{outcome=\"delivered\"} 0"));
  EXPECT_THAT(text, HasSubstr("inboxd_link_state{state=\"down\"} 1"));
  EXPECT_THAT(text, HasSubstr("inboxd_build_info{version=\"" INBOXD_VERSION "\"} 1"));
}

TEST(Metrics, ShowWhatTheEngineSaid) {
  Health health;
  Metrics metrics(health);
  metrics.counted(Outcome::kGroupUpdated);
  metrics.refused(Reason::kTooLarge);
  metrics.published(3);
  metrics.took(Stage::kCommit, std::chrono::microseconds(150));
  metrics.depths({4, 5, 6});
  metrics.link(LinkState::kStandby, "why");
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("inboxd_deliveries_total{outcome=\"group_updated\"} 1"));
  EXPECT_THAT(text, HasSubstr("inboxd_refusals_total{reason=\"too_large\"} 1"));
  EXPECT_THAT(text, HasSubstr("inboxd_publications_total 3"));
  EXPECT_THAT(text, HasSubstr("inboxd_stage_duration_seconds_bucket{stage=\"commit\",le=\"0.0001\"} 0"));
  EXPECT_THAT(text, HasSubstr("inboxd_stage_duration_seconds_bucket{stage=\"commit\",le=\"0.0002\"} 1"));
  EXPECT_THAT(text, HasSubstr("inboxd_queue_depth{queue=\"in_flight\"} 5"));
  EXPECT_THAT(text, HasSubstr("inboxd_queue_depth{queue=\"fanout_jobs\"} 6"));
  EXPECT_THAT(text, HasSubstr("inboxd_link_state{state=\"standby\"} 1"));
  EXPECT_THAT(text, HasSubstr("inboxd_link_state{state=\"down\"} 0"));
  EXPECT_THAT(text, HasSubstr("inboxd_ready 0"));
  EXPECT_EQ(health.readiness().why, "why");
}

}  // namespace
}  // namespace inboxd::http
