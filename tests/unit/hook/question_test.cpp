#include "hook/question.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace inboxd::hook {
namespace {

constexpr std::string_view kMessage = R"({"text":"hello","attributes":{"tempUID":"1","a":1},"timestamp":5})";

HookQuestion asked_about(std::string_view message) {
  return {.app = "tilechat", .sender = "alice", .recipient = "bob", .message = message};
}

TEST(HookQuestionTest, TheBodyIsThatOfTheDocumentation) {
  HookQuestion question = asked_about(R"({"text": "hello"})");
  EXPECT_EQ(body_of(question), R"({"app_id":"tilechat","sender":"alice","recipient":"bob",)"
                               R"("channel_type":"direct","message":{"text": "hello"}})");
  question.group = true;
  question.sender = "a\"b";
  EXPECT_EQ(body_of(question), R"({"app_id":"tilechat","sender":"a\"b","recipient":"bob",)"
                               R"("channel_type":"group","message":{"text": "hello"}})");
}

TEST(HookQuestionTest, SameKeyWhateverTheTempUidAndTheTimestamp) {
  for (const std::string_view other : {
           R"({"text":"hello","attributes":{"tempUID":"2","a":1},"timestamp":5})",
           R"({"text":"hello","attributes":{"a":1},"timestamp":"later"})",
           R"({"timestamp":7,"text":"hello","attributes":{"a":1,"tempUID":{}}})",
           R"( {"text" : "hello" , "attributes" : { "a" : 1 } } )",
       }) {
    EXPECT_EQ(key_of(asked_about(other)), key_of(asked_about(kMessage))) << other;
  }
}

TEST(HookQuestionTest, OtherKeyWhereAnythingElseDiffers) {
  const QuestionKey key = key_of(asked_about(kMessage));
  for (const std::string_view other : {
           R"({"text":"Hello","attributes":{"tempUID":"1","a":1}})",
           R"({"text":"hello","attributes":{"tempUID":"1","a":2}})",
           R"({"text":"hello","attributes":{"a":1,"b":{"tempUID":"1"}}})",
           R"({"text":"hello","attributes":{"a":1},"tempUID":"1"})",
           R"({"text":"hello","attributes":{"a":1,"timestamp":5}})",
           R"({"text":"hello"})",
           "{}",
           "not JSON",
       }) {
    EXPECT_NE(key_of(asked_about(other)), key) << other;
  }
  std::vector<HookQuestion> others(4, asked_about(kMessage));
  others[0].app = "other";
  others[1].sender = "bob";
  others[2].recipient = "alice";
  others[3].group = true;
  for (const HookQuestion& other : others) EXPECT_NE(key_of(other), key);
}

TEST(HookQuestionTest, PartsDoNotRunIntoEachOther) {
  HookQuestion one = asked_about("{}");
  HookQuestion other = one;
  one.sender = "ab";
  one.recipient = "c";
  other.sender = "a";
  other.recipient = "bc";
  EXPECT_NE(key_of(one), key_of(other));
}

}  // namespace
}  // namespace inboxd::hook
