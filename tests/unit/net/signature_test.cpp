#include "net/signature.hpp"

#include <gtest/gtest.h>

namespace inboxd::net {
namespace {

TEST(SignatureTest, IsWhatOpensslSays) {
  EXPECT_EQ(signature_of("it is a secret", 1'700'000'000, R"({"event_type":"message-sent"})"),
            "t=1700000000,v1=5f910bed153a58930e0e8f31cdf32a410150c8f991246fa550d230647a6079a4");
}

}  // namespace
}  // namespace inboxd::net
