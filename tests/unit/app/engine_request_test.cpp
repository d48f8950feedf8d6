#include "app/engine_request.hpp"

#include <gtest/gtest.h>

namespace inboxd::app {
namespace {

TEST(EngineRequestTest, TheUrlIsWhereTheListenerIsReached) {
  config::Settings settings;
  settings.http_port = 8004;
  settings.baseurl = "/api";
  settings.app_id = "tilechat";
  struct Case {
    const char* bind;
    const char* url;
  };
  for (const Case& c : {Case{"127.0.0.1", "http://127.0.0.1:8004/api/tilechat/x"},
                        Case{"0.0.0.0", "http://127.0.0.1:8004/api/tilechat/x"},
                        Case{"::", "http://[::1]:8004/api/tilechat/x"},
                        Case{"10.0.0.1", "http://10.0.0.1:8004/api/tilechat/x"}}) {
    settings.http_bind = c.bind;
    EXPECT_EQ(engine_url(settings, "x"), c.url);
  }
  settings.http_bind = "127.0.0.1";
  settings.baseurl.clear();
  settings.key_pem = "key.pem";
  settings.cert_pem = "cert.pem";
  EXPECT_EQ(engine_url(settings, "x"), "https://127.0.0.1:8004/tilechat/x");
}

TEST(EngineRequestTest, SaysSoWhereNoEngineRuns) {
  config::Settings settings;
  settings.http_bind = "127.0.0.1";
  settings.http_port = 1;
  settings.baseurl = "/api";
  settings.app_id = "tilechat";
  settings.jwt_secret = "0123456789abcdef0123456789abcdef";
  const auto answer = ask_engine(settings, "x", "{}");
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().starts_with("no engine runs at ")) << answer.error();
}

}  // namespace
}  // namespace inboxd::app
