#include "unit/filter/filter_fixture.hpp"

namespace inboxd::filter {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the fixture of this folder
using Names = std::vector<std::string>;

/// Every matcher, with a message that it matches and that message masked. Empty: it cannot be masked.
struct Matcher {
  std::string keys;
  std::string message;
  std::string masked;
};

const std::vector<Matcher> kMatchers = {
    {"words = ['idiot']", R"({"text":"an idiot"})", R"({"text":"an *****"})"},
    {"patterns = ['[0-9]+']", R"({"text":"call 123"})", R"({"text":"call ***"})"},
    {"links = true", R"({"text":"http://a.b"})", R"({"text":"**********"})"},
    {"links = ['a.b']", R"({"text":"http://a.b"})", R"({"text":"**********"})"},
    {"allowed_links = ['c.d']", R"({"text":"http://a.b"})", R"({"text":"**********"})"},
    {"longer_than = 2", R"({"text":"abc"})", R"({"text":"ab*"})"},
    {"attachments = ['.exe']", R"({"metadata":{"name":"a.exe"}})", ""},
    {"types = ['file']", R"({"type":"file"})", ""},
};

TEST(ActionsTest, EveryMatcherWithEveryAction) {
  for (const Matcher& matcher : kMatchers) {
    const auto judged = [&](const char* action) {
      return judge(set_of(rule(action, matcher.keys)), matcher.message);
    };
    const Judgement rejected = judged("reject");
    EXPECT_EQ(rejected.matches, (std::vector<FilterMatch>{{"r", FilterAction::kReject}})) << matcher.keys;
    EXPECT_EQ(rejected.rejection.value_or(Rejection{}).code, "filtered");
    EXPECT_TRUE(rejected.changes.empty());

    const Judgement shadowed = judged("shadow");
    EXPECT_EQ(shadowed.matches, (std::vector<FilterMatch>{{"r", FilterAction::kShadow}})) << matcher.keys;
    EXPECT_TRUE(shadowed.shadowed);
    EXPECT_FALSE(shadowed.rejection);

    const Judgement flagged = judged("flag");
    EXPECT_EQ(flagged.matches, (std::vector<FilterMatch>{{"r", FilterAction::kFlag}})) << matcher.keys;
    EXPECT_EQ(flagged.changes,
              (std::vector<json::Change>{{"attributes", R"({"moderation":{"flags":["r"]}})"}}));
    EXPECT_FALSE(flagged.shadowed);

    if (matcher.masked.empty()) continue;
    EXPECT_EQ(result_of(*set_of(rule("mask", matcher.keys)), matcher.message), matcher.masked);
  }
}

TEST(ActionsTest, WhatDoesNotMatchIsLeftAlone) {
  for (const char* const action : {"reject", "mask", "flag", "shadow"}) {
    const Judgement judgement = judge(set_of(rule(action, "words = ['x']")), text_message("hello"));
    EXPECT_TRUE(judgement.matches.empty() && judgement.changes.empty() && !judgement.shadowed &&
                !judgement.rejection)
        << action;
  }
}

TEST(ActionsTest, TheSenderIsToldCodeAndMessage) {
  const Set set = set_of(rule("reject", "words = ['x']\ncode = 'card_number'\nmessage = 'Do not'"));
  EXPECT_EQ(judge(set, text_message("x")).rejection, (Rejection{"card_number", "Do not"}));
}

TEST(ActionsTest, RulesAreAskedInTheirOrder) {
  struct Row {
    std::vector<std::pair<std::string, std::string>> rules;  ///< action and word, called a, b, c
    Names matched;
    std::string result;
  };
  const std::vector<Row> table = {
      {{{"reject", "x"}, {"flag", "x"}}, {"a"}, ""},
      {{{"flag", "x"}, {"reject", "x"}, {"flag", "x"}}, {"a", "b"}, ""},
      {{{"mask", "x"}, {"reject", "x"}}, {"a"}, R"({"text":"* y"})"},
      {{{"reject", "z"}, {"mask", "y"}, {"flag", "x"}},
       {"b", "c"},
       R"({"text":"x *","attributes":{"moderation":{"flags":["c"]}}})"},
      {{{"flag", "x"}, {"flag", "z"}, {"flag", "y"}},
       {"a", "c"},
       R"({"text":"x y","attributes":{"moderation":{"flags":["a","c"]}}})"},
      {{{"mask", "x"}, {"shadow", "y"}, {"mask", "y"}}, {"a", "b"}, R"({"text":"* y"})"},
      {{{"mask", "x"}, {"mask", "y"}}, {"a", "b"}, R"({"text":"* *"})"},
  };
  for (const Row& row : table) {
    std::string toml;
    char name = 'a';
    for (const auto& [action, word] : row.rules) {
      toml += rule(action, "words = ['" + word + "']", std::string(1, name++));
    }
    const Set set = set_of(toml);
    const Judgement judgement = judge(set, text_message("x y"));
    EXPECT_EQ(rules_that_matched(judgement), row.matched) << toml;
    EXPECT_EQ(judgement.rejection.has_value(), row.result.empty()) << toml;
    if (!row.result.empty()) {
      EXPECT_EQ(result_of(*set, text_message("x y")), row.result);
    } else {
      EXPECT_TRUE(judgement.changes.empty());
    }
  }
}

TEST(ActionsTest, LaterRulesOfEveryKindSeeTheMaskedText) {
  const std::string mask = rule("mask", "patterns = ['http\\S+', 'idiot', '\\d+']", "m");
  for (const char* const keys : {"words = ['idiot']", "patterns = ['[0-9]']", "links = true"}) {
    const Set set = set_of(mask + rule("reject", keys));
    EXPECT_EQ(rules_that_matched(judge(set, text_message("idiot 12 http://a.b"))), Names{"m"}) << keys;
  }
  const Set length = set_of(mask + rule("reject", "longer_than = 4"));
  EXPECT_TRUE(judge(length, text_message("idiot")).rejection) << "a mask is as long as what it covers";
}

TEST(ActionsTest, MasksKeepTheStructure) {
  const Set set = set_of(rule("mask", "words = ['x']\nfields = ['text', 'metadata.name', 'metadata.a.b']"));
  EXPECT_EQ(
      result_of(*set, R"({"text":"x","metadata":{"name":"a x","n":1.50,"a":{"b":"x","c":[ ]}},"z":"x"})"),
      R"({"text":"*","metadata":{"name":"a *","n":1.50,"a":{"b":"*","c":[ ]}},"z":"x"})");
  EXPECT_EQ(result_of(*set, R"({"text":"\u0078\",\"a\":\"x\\"})"), R"({"text":"*\",\"a\":\"*\\"})");
}

TEST(ActionsTest, AFlagIsTheEnginesWord) {
  const Set set = set_of(rule("flag", "words = ['x']", "one") + rule("flag", "words = ['x']", "two"));
  const std::vector<std::pair<std::string, std::string>> table = {
      {R"({"text":"x"})", R"({"moderation":{"flags":["one","two"]}})"},
      {R"({"text":"x","attributes":null})", R"({"moderation":{"flags":["one","two"]}})"},
      {R"({"text":"x","attributes":{"tempUID":"7"}})",
       R"({"tempUID":"7","moderation":{"flags":["one","two"]}})"},
      {R"({"text":"x","attributes":{"moderation":{"flags":["forged"],"by":"me"}}})",
       R"({"moderation":{"flags":["one","two"]}})"},
      {R"({"text":"x","attributes":"odd"})", R"({"moderation":{"flags":["one","two"]}})"},
  };
  for (const auto& [message, attributes] : table) {
    EXPECT_EQ(judge(set, message).changes, (std::vector<json::Change>{{"attributes", attributes}}))
        << message;
  }
}

TEST(ActionsTest, FlagsAndMasksOfAttributesAreOneChange) {
  const Set set = set_of(rule("mask", "words = ['x']\nfields = ['attributes.a']", "m") +
                         rule("flag", "words = ['y']\nfields = ['attributes.a']", "f") +
                         rule("mask", "words = ['y']\nfields = ['attributes.a']", "n"));
  EXPECT_EQ(result_of(*set, R"({"attributes":{"a":"x y"}})"),
            R"({"attributes":{"a":"* *","moderation":{"flags":["f"]}}})");
}

}  // namespace
}  // namespace inboxd::filter
