#include "webhook/signature.hpp"

#include <gtest/gtest.h>

#include "webhook/settings.hpp"

namespace inboxd::webhook {
namespace {

TEST(WebhookSignatureTest, IsWhatOpensslSays) {
  EXPECT_EQ(signature_of("it is a secret", 1'700'000'000, R"({"event_type":"message-sent"})"),
            "t=1700000000,v1=5f910bed153a58930e0e8f31cdf32a410150c8f991246fa550d230647a6079a4");
}

TEST(WebhookLabelTest, HoldsNoPathAndNoQuery) {
  EXPECT_EQ(label_of("https://example.org/hook?token=1"), "example.org");
  EXPECT_EQ(label_of("http://example.org:8080/hook"), "example.org:8080");
  EXPECT_EQ(label_of("http://[::1]:81/"), "[::1]:81");
  EXPECT_EQ(label_of("what is this?token=1"), "invalid");
}

}  // namespace
}  // namespace inboxd::webhook
