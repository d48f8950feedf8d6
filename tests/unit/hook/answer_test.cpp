#include "hook/answer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace inboxd::hook {
namespace {

using Kind = HookVerdict::Kind;
using std::chrono::seconds;

struct Understood {
  std::string body;
  Answer expected;
};

TEST(HookAnswerTest, Understood) {
  const HookVerdict allow{.kind = Kind::kAllow};
  const std::string longest(kMaxMessageBytes, 'm');
  const std::string longest_code(kMaxCodeBytes, 'c');
  const std::vector<Understood> rows = {
      {R"({"action":"allow"})", {allow, {}}},
      {R"( {"action" : "\u0061llow", "new": [1]} )", {allow, {}}},
      {R"({"action":"allow","text":"not put in place"})", {allow, {}}},
      {R"({"action":"allow","ttl":30})", {allow, seconds(30)}},
      {R"({"action":"allow","ttl":0})", {allow, seconds(0)}},
      {R"({"action":"allow","ttl":1.9})", {allow, seconds(1)}},
      {R"({"action":"allow","ttl":null})", {allow, {}}},
      {R"({"action":"allow","ttl":9000000000000})", {allow, kMaxTtl}},
      {R"({"action":"reject","code":"spam","message":"Not here"})",
       {{.kind = Kind::kReject, .code = "spam", .message = "Not here"}, {}}},
      {R"({"action":"reject"})", {{.kind = Kind::kReject}, {}}},
      {R"({"action":"reject","code":null,"message":null})", {{.kind = Kind::kReject}, {}}},
      {R"({"action":"reject","code":"A-1_b.c","message":"sch\u00f6n","ttl":5})",
       {{.kind = Kind::kReject, .code = "A-1_b.c", .message = "schön"}, seconds(5)}},
      {R"({"action":"reject","message":")" + longest + R"("})",
       {{.kind = Kind::kReject, .message = longest}, {}}},
      {R"({"action":"reject","code":")" + longest_code + R"("})",
       {{.kind = Kind::kReject, .code = longest_code}, {}}},
      {R"({"action":"replace","text":"hello, \"world\""})",
       {{.kind = Kind::kAllow, .text = R"("hello, \"world\"")"}, {}}},
      {R"({"action":"replace","attributes":{"checked": true}})",
       {{.kind = Kind::kAllow, .attributes = R"({"checked": true})"}, {}}},
      {R"({"action":"replace","text":"","attributes":{},"ttl":1})",
       {{.kind = Kind::kAllow, .text = R"("")", .attributes = "{}"}, seconds(1)}},
      {R"({"action":"replace","text":null,"attributes":{}})",
       {{.kind = Kind::kAllow, .attributes = "{}"}, {}}},
  };
  for (const Understood& row : rows) {
    const auto answer = read_answer(row.body);
    ASSERT_TRUE(answer) << row.body << ": " << answer.error();
    EXPECT_EQ(*answer, row.expected) << row.body;
  }
}

TEST(HookAnswerTest, NotUnderstood) {
  const std::vector<std::string> rows = {
      "",
      "allow",
      R"("allow")",
      R"([{"action":"allow"}])",
      R"({"action":"allow"}{})",
      R"({"action":"allow")",
      R"({"action":"al)",
      "{\"action\":\"allow\"}\xff",
      std::string("{\"action\":\"allow\"}\0", 19),
      "{}",
      R"({"action":null})",
      R"({"action":true})",
      R"({"action":"Allow"})",
      R"({"action":"deny"})",
      R"({"action":["allow"]})",
      R"({"action":"allow","ttl":-1})",
      R"({"action":"allow","ttl":"30"})",
      R"({"action":"allow","ttl":1e30})",
      R"({"action":"reject","code":7})",
      R"({"action":"reject","code":""})",
      R"({"action":"reject","code":"two words"})",
      R"({"action":"reject","code":"ä"})",
      R"({"action":"reject","code":")" + std::string(kMaxCodeBytes + 1, 'c') + R"("})",
      R"({"action":"reject","message":{}})",
      R"({"action":"reject","message":")" + std::string(kMaxMessageBytes + 1, 'm') + R"("})",
      R"({"action":"reject","message":"\ud800"})",
      R"({"action":"replace"})",
      R"({"action":"replace","text":null})",
      R"({"action":"replace","text":1})",
      R"({"action":"replace","text":["x"],"attributes":{}})",
      R"({"action":"replace","text":"\udc00"})",
      R"({"action":"replace","text":"x","attributes":[]})",
      R"({"action":"replace","attributes":"{}"})",
  };
  for (const std::string& body : rows) EXPECT_FALSE(read_answer(body)) << body;
}

}  // namespace
}  // namespace inboxd::hook
