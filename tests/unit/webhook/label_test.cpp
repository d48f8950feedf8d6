#include <gtest/gtest.h>

#include "webhook/settings.hpp"

namespace inboxd::webhook {
namespace {

TEST(WebhookLabelTest, HoldsNoPathAndNoQuery) {
  EXPECT_EQ(label_of("https://example.org/hook?token=1"), "example.org");
  EXPECT_EQ(label_of("http://example.org:8080/hook"), "example.org:8080");
  EXPECT_EQ(label_of("http://[::1]:81/"), "[::1]:81");
  EXPECT_EQ(label_of("what is this?token=1"), "invalid");
}

}  // namespace
}  // namespace inboxd::webhook
