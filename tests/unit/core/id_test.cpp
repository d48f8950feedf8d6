#include "core/id.hpp"

#include <gtest/gtest.h>

#include <string>

namespace inboxd {
namespace {

struct IdCase {
  const char* what;
  std::string text;
  bool valid;
};

// PROTOCOL 1, "Ids".
const IdCase kIdCases[] = {
    {"plain", "alice", true},
    {"one byte", "a", true},
    {"128 bytes", std::string(128, 'a'), true},
    {"129 bytes", std::string(129, 'a'), false},
    {"empty", "", false},
    {"slash", "a/b", false},
    {"dot, which AMQP splits at", "a.b", false},
    {"hash", "a#", false},
    {"plus", "a+b", false},
    {"star, which would match everything in a scope", "*", false},
    {"percent", "a%2Fb", false},
    {"blank", "a b", false},
    {"tab", "a\tb", false},
    {"NUL", std::string("a\0b", 3), false},
    {"DEL", "a\x7f", false},
    {"C1 control", "a\xc2\x85", false},
    {"no-break space", "a\xc2\xa0", false},
    {"ideographic space", "a\xe3\x80\x80", false},
    {"line separator", "a\xe2\x80\xa8", false},
    {"umlaut", "j\xc3\xb6rg", true},
    {"emoji", "\xf0\x9f\x98\x80", true},
    {"zero-width joiner within a script", "\xe0\xa4\x95\xe2\x80\x8d", true},
    {"lone continuation byte", "a\x80", false},
    {"overlong slash", "a\xc0\xaf", false},
    {"surrogate", "a\xed\xa0\x80", false},
    {"beyond Unicode", "a\xf4\x90\x80\x80", false},
    {"cut sequence", "a\xe3\x80", false},
    {"punctuation that means nothing in topics", "a-b_c:d@e!", true},
};

TEST(IdTest, FollowsTheAlphabet) {
  for (const IdCase& c : kIdCases) EXPECT_EQ(is_valid_id(c.text), c.valid) << c.what;
}

TEST(IdTest, PartsOfTheTopicTreeNameNobody) {
  for (const char* word : {"groups", "conversations", "archived_conversations", "messages", "instances",
                           "bans", "blocks", "typings", "admin", "presence"}) {
    EXPECT_FALSE(parse_party(word)) << word;
    EXPECT_TRUE(parse_party(std::string(word) + "1")) << word;
  }
}

TEST(IdTest, TellsGroups) {
  EXPECT_TRUE(names_a_group(PartyId{"group-1"}));
  EXPECT_TRUE(names_a_group(PartyId{"support-group-1"}));
  EXPECT_FALSE(names_a_group(PartyId{"group"}));
  EXPECT_FALSE(names_a_group(PartyId{"alice"}));
}

}  // namespace
}  // namespace inboxd
