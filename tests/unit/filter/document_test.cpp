#include <fmt/format.h>

#include "core/toml_text.hpp"
#include "filter/limits.hpp"
#include "unit/filter/filter_fixture.hpp"

namespace inboxd::filter {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the fixture of this folder

/// Everything that is wrong, with the document and with the set that it would make.
Problems problems_of(Parsed parsed) {
  auto set = FilterSet::compile(std::move(parsed.rules));
  if (!set) parsed.problems.insert(parsed.problems.end(), set.error().begin(), set.error().end());
  return std::move(parsed.problems);
}

TEST(PolicyDocumentTest, ReadsTheExampleOfTheDocumentation) {
  const Set set = set_of(R"(
[[filter]]
name = "insults"              # 1 to 64 of letters, digits and _ . -
action = "mask"               # reject, mask, flag or shadow
words = ["idiot", "völlig bekloppt"]
words_file = "insults.txt"

[[filter]]
name = "cards"
action = "reject"
patterns = ['\b(?:\d[ -]?){13,16}\b']
code = "card_number"
message = "Do not send card numbers"
fields = ["text", "metadata.name"]

[[filter]]
name = "strangers-links"
action = "flag"
allowed_links = ["example.com"]
channels = ["direct"]

[[filter]]
name = "programs"
action = "reject"
types = ["file"]
attachments = [".exe", "application/x-msdownload"]
)",
                         {{"insults.txt", "moron\n"}});
  EXPECT_EQ(set->counts().rules, 4U);
  EXPECT_EQ(set->counts().words, 3U);
  EXPECT_EQ(set->counts().patterns, 1U);
  EXPECT_EQ(judge(set, text_message("4111 1111 1111 1111")).rejection,
            (Rejection{"card_number", "Do not send card numbers"}));
}

TEST(PolicyDocumentTest, AnEmptyDocumentHasNoRules) {
  EXPECT_EQ(set_of("")->counts().rules, 0U);
  EXPECT_EQ(compiled(parse_json(R"({"filters":[]})", "f"))->counts().rules, 0U);
}

TEST(PolicyDocumentTest, JsonHasTheSameKeys) {
  const Set set = compiled(parse_json(R"({"filters":[
    {"name":"a","action":"mask","words":["idiot, you","x]\"}"],"fields":["text"]} ,
    {"name":"b","action":"reject","longer_than":9,"links":false,"channels":["group"],"code":"long"}]})",
                                      "f"));
  EXPECT_EQ(set->counts().rules, 2U);
}

TEST(PolicyDocumentTest, OneMistakeEach) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"x = 1", "p:1: x: unknown"},
      {"[filter]\nname = 'a'", "p:1: filters are written as [[filter]]"},
      {"filter = [1]", "p:1: filters are written as [[filter]]"},
      {rule("flag", "words = ['x']\nword = ['x']"), "p:5: word: unknown"},
      {rule("flag", "words = 'x'"), "p:4: words: an array of strings is expected"},
      {rule("flag", "words = ['x', 1]"), "p:4: words: an array of strings is expected"},
      {rule("flag", "words = []"), "p:4: words: it is empty"},
      {rule("flag", "words = [\n'x',\n'!!']"), "p:6: words: an entry has no letter or digit"},
      {rule("flag", "words = ['" + std::string(kMaxWordBytes + 1, 'x') + "']"),
       "p:4: words: an entry is longer than 256 bytes"},
      {rule("flag", "words = ['1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17']"),
       "p:4: words: a phrase of more than 16 words"},
      {rule("flag", "words_file = 'none'"), "p:4: words_file: none: no such file"},
      {rule("flag", "words_file = 'empty'"), "p:4: words_file: empty has no entries"},
      {rule("flag", "words_file = 'bad'"), "bad:2: not valid UTF-8"},
      {rule("flag", "patterns = [\n'a',\n'(']"), "p:6: patterns: missing ): ("},
      {rule("flag", "patterns = ['']"), "p:4: patterns: it is empty"},
      {rule("flag", "patterns = ['" + std::string(kMaxPatternBytes + 1, 'x') + "']"),
       "p:4: patterns: it is longer than 4096 bytes"},
      {rule("flag", "patterns = ['((a{100}){100}){100}']"), "p:4: patterns: invalid repetition size: {100}"},
      {rule("flag", "links = 1"), "p:4: links: an array of strings is expected"},
      {rule("flag", "links = []"), "p:4: links: it is empty"},
      {rule("flag", "links = ['http://a.b']"), "p:4: links: the name of a host is expected"},
      {rule("flag", "allowed_links = ['a/b']"), "p:4: allowed_links: the name of a host is expected"},
      {rule("flag", "links = false"),
       "p:1: the filter has nothing to match: words, patterns, links, attachments, longer_than or types"},
      {rule("flag", "channels = ['direct']"),
       "p:1: the filter has nothing to match: words, patterns, links, attachments, longer_than or types"},
      {rule("flag", "attachments = ['exe']"),
       "p:4: attachments: a type like image/* or an ending like .exe is expected"},
      {rule("flag", "longer_than = -1"), "p:4: longer_than: a number from 0 to 16777216 is expected"},
      {rule("flag", "longer_than = 1.5"), "p:4: longer_than: a number from 0 to 16777216 is expected"},
      {rule("flag", "types = ['a']\nfields = ['a..b']"), "p:5: fields: the name of a field is expected"},
      {rule("flag", "types = ['a']\nchannels = ['room']"), "p:5: channels: direct or group is expected"},
      {rule("flag", "types = ['']"), "p:4: types: a name is expected"},
      {rule("flag", "types = ['a']\napps = []"), "p:5: apps: it is empty"},
      {rule("flag", "types = ['a']\ncode = 'a b'"),
       "p:5: code: 1 to 64 of letters, digits and _ . - are expected"},
      {rule("flag", "types = ['a']\nmessage = ''"), "p:5: message: 1 to 500 bytes are expected"},
      {rule("ban", "types = ['a']"), "p:3: action: reject, mask, flag or shadow is expected"},
      {rule("flag", "types = ['a']", "a b"), "p:2: name: 1 to 64 of letters, digits and _ . - are expected"},
      {rule("flag", "types = ['a']", std::string(65, 'a')),
       "p:2: name: 1 to 64 of letters, digits and _ . - are expected"},
      {"[[filter]]\naction = 'flag'\ntypes = ['a']", "p:1: the filter has no name"},
      {"[[filter]]\nname = 'a'\ntypes = ['a']", "p:1: the filter has no action"},
      {rule("mask", "types = ['a']"),
       "p:1: only text can be masked: words, patterns, links, and what is longer_than"},
      {rule("mask", "words = ['a']\nattachments = ['.a']"),
       "p:1: only text can be masked: words, patterns, links, and what is longer_than"},
      {rule("flag", "types = ['a']") + rule("flag", "types = ['a']"), "p:5: the name r is taken: see p:1"},
  };
  const Files files{{"empty", "# nothing\n"}, {"bad", "good\n\xFF\n"}};
  for (const auto& [toml, problem] : table) {
    EXPECT_EQ(problems_of(parsed(toml, files)), Problems{problem}) << toml;
  }
}

TEST(PolicyDocumentTest, AllProblemsAreToldInTheOrderOfTheLines) {
  const Problems problems = problems_of(parsed(R"([[filter]]
name = "a b"
words = ["!"]
patterns = ["("]
[[filter]]
name = "ok"
action = "flag"
types = ["x"]
[[filter]]
name = "ok"
action = "flag"
color = "red"
types = ["x"]
)"));
  EXPECT_EQ(problems, (Problems{"p:1: the filter has no action",
                                "p:2: name: 1 to 64 of letters, digits and _ . - are expected",
                                "p:3: words: an entry has no letter or digit", "p:4: patterns: missing ): (",
                                "p:12: color: unknown", "p:9: the name ok is taken: see p:5"}));
}

TEST(PolicyDocumentTest, WrongTomlIsToldWithItsLine) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"[[filter]]\nname = 'a'\nwords = [\n", "p:"},
      {"x = 1\n[[!filter]]\n", "p:2: not valid TOML: "},
      {"x = 1\n[\\filter]\n", "p:2: not valid TOML: "},
      {"x = 1\n[\n", "p:2: not valid TOML: "},
      {"x = 1\ny = [völlig]", "p:2: not valid TOML: a character"},
      {std::string("x = 1\n[\0[filter]]", 17), "p:2: not valid TOML: a character"},
  };
  for (const auto& [toml, beginning] : table) {
    const Problems problems = problems_of(parsed(toml));
    ASSERT_EQ(problems.size(), 1U) << toml;
    EXPECT_TRUE(problems[0].starts_with(beginning)) << problems[0];
    EXPECT_NE(problems[0].find("not valid TOML"), std::string::npos) << problems[0];
  }
}

TEST(PolicyDocumentTest, StringsAndCommentsHoldAnyCharacter) {
  for (const char* const toml :
       {"", "# ä", "\xEF\xBB\xBF# ä", "x = 'ä' # ä", "x = \"ä\\\"ä\"", "x = \"\"", "x = '''\nä'ä''ä''''' # ä",
        "x = \"\"\"\nä\"\"ä\\\"\"\"ä\"\"\"\ny = 'ä'", "x = 'ä\\'", "x = ['ä', \"ä\"]"}) {
    EXPECT_EQ(line_of_stray(toml), 0U) << toml;
  }
  for (const char* const toml :
       {"\nä", "x = ''\nä", "x = 'ä'\nä = 1", "x = 'ä\nä", "x = '''\n'''ä", "#\nä", "x = 'a'\ny = '\x01'"}) {
    EXPECT_EQ(line_of_stray(toml), 2U) << toml;
  }
}

TEST(ChangesTest, AChangeIsOverOnceTwoLooksSawTheSame) {
  const auto files = [](off_t size) {
    return SeenFiles{{.path = "p", .stamp = {.exists = size > 0, .size = size}}, {.path = "w"}};
  };
  struct Look {
    off_t size;
    bool settled;
  };
  struct Row {
    const char* what;
    std::vector<Look> looks;  ///< the file was read when its size was 1
  };
  const std::vector<Row> table = {
      {"nothing changes", {{1, false}, {1, false}, {1, false}}},
      {"put in place at once", {{1, false}, {2, false}, {2, true}}},
      {"written slowly", {{2, false}, {3, false}, {4, false}, {4, true}}},
      {"changed and changed back", {{2, false}, {1, false}, {2, false}, {2, true}}},
      {"removed", {{0, false}, {0, true}}},
  };
  for (const Row& row : table) {
    Changes changes;
    std::vector<bool> settled;
    std::vector<bool> expected;
    for (const Look& look : row.looks) {
      settled.push_back(changes.settled(files(1), files(look.size)));
      expected.push_back(look.settled);
    }
    EXPECT_EQ(settled, expected) << row.what;
  }
}

TEST(PolicyDocumentTest, MistakesInJson) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"[]", "f:1: the payload is not a JSON object"},
      {"{}", "f:1: filters: an array is expected"},
      {R"({"filters":{}})", "f:1: filters: an array is expected"},
      {"{\"filters\":[],\n\"x\":1}", "f:2: x: unknown"},
      {"{\"filters\":[\n7]}", "f:2: a filter is an object"},
      {R"({"filters":[{"name":"a","action":"flag","words_file":"/etc/passwd"}]})",
       "f:1: words_file: files cannot be named here"},
      {"{\"filters\":[\n{\"name\":\"a\",\n\"action\":\"flag\",\"longer_than\":1e2}]}",
       "f:3: longer_than: a number from 0 to 16777216 is expected"},
      {"{\"filters\":[{\"name\":\"a\",\"action\":\"flag\",\"words\":[\"x\",\n\n\"!\"]}]}",
       "f:3: words: an entry has no letter or digit"},
      {R"({"filters":[{"name":"a","action":"flag","words":["x",{}]}]})",
       "f:1: words: an array of strings is expected"},
  };
  for (const auto& [json, problem] : table) {
    EXPECT_EQ(problems_of(parse_json(json, "f")), Problems{problem}) << json;
  }
  EXPECT_EQ(problems_of(parse_json(std::string(kMaxDocumentBytes + 1, ' '), "f")).size(), 1U);
}

TEST(PolicyDocumentTest, LimitsHoldOverEverything) {
  std::string many;
  for (std::size_t i = 0; i <= kMaxRules; ++i) many += rule("flag", "types = ['a']", fmt::format("r{}", i));
  EXPECT_EQ(problems_of(parsed(many)),
            Problems{fmt::format("p:{}: more than 1000 filters", 4 * kMaxRules + 1)});

  std::string words;
  for (std::size_t i = 0; i <= kMaxWords / 2; ++i) words += fmt::format("w{}\n", i);
  const Files files{{"w", words}};
  const std::string half = "words_file = 'w'";
  EXPECT_EQ(problems_of(parsed(rule("flag", half, "a") + rule("flag", half, "b"), files)),
            Problems{"w:100000: more than 200000 words and phrases"});
  Parsed twice = parsed(rule("flag", half, "a"), files);
  Parsed other = parsed(rule("flag", half, "b"), files);
  twice.rules.insert(twice.rules.end(), other.rules.begin(), other.rules.end());
  EXPECT_EQ(problems_of(twice),
            Problems{"p:1: with this filter there are more than 200000 words and phrases"});

  std::string patterns = "patterns = [";
  for (std::size_t i = 0; i <= kMaxPatterns; ++i) patterns += "'a',";
  EXPECT_EQ(problems_of(parsed(rule("flag", patterns + "]"))),
            Problems{"p:4: patterns: more than 2000 patterns"});
}

TEST(PolicyDocumentTest, NotEveryProblemOfThousandsIsSpeltOut) {
  std::string words;
  for (std::size_t i = 0; i < kMaxProblems + 5; ++i) words += "!\n";
  const Problems problems =
      problems_of(parsed(rule("flag", "words = ['x']\nwords_file = 'w'"), {{"w", words}}));
  ASSERT_EQ(problems.size(), kMaxProblems + 1);
  EXPECT_EQ(problems.back(), "p: and 5 more");
}

}  // namespace
}  // namespace inboxd::filter
