#include "filter/folding.hpp"
#include "filter/word_list.hpp"
#include "unit/filter/filter_fixture.hpp"

namespace inboxd::filter {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the fixture of this folder
using Words = std::vector<std::string>;

TEST(FoldingTest, WordsAreComparedWithoutCaseAccentsAndWidth) {
  const std::vector<std::pair<std::string, Words>> table = {
      {"", {}},
      {" .,;-!?", {}},
      {"One two3, four", {"one", "two3", "four"}},
      {"don't snake_case", {"don", "t", "snake", "case"}},
      {"VÖLLIG völlig vo\u0308llig", {"vollig", "vollig", "vollig"}},
      {"Straße STRASSE STRAẞE", {"strasse", "strasse", "strasse"}},
      {"İstanbul ISTANBUL ıstanbul", {"istanbul", "istanbul", "istanbul"}},
      {"ΣΊΣΥΦΟΣ σίσυφος", {"σισυφοσ", "σισυφοσ"}},
      {"Ёлка ёлка елка", {"елка", "елка", "елка"}},
      {"søt ŁÓDŹ đak", {"sot", "lodz", "dak"}},
      {"ｉｄｉｏｔ ﬁn Å", {"idiot", "fin", "a"}},
      {"id\u200Bi\u00ADot", {"idiot"}},
      {"שָׁלוֹם", {"שלום"}},
      {"कि का", {"कि", "का"}},
      {"你好吗", {"你", "好", "吗"}},
      {"ab你cd", {"ab", "你", "cd"}},
      {"a😀b", {"a", "b"}},
      {"\u0301a", {"a"}},
  };
  for (const auto& [text, words] : table) EXPECT_EQ(phrase_of(text), words) << text;
}

TEST(FoldingTest, WhatNobodySeesInAWordDoesNotPartIt) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> table = {
      {"controls",
       {std::string(1, '\0'), "\x01", "\x08", "\x0E", "\x1B", "\x1F", "\x7F", "\u0080", "\u0085", "\u009F"}},
      {"format characters",
       {"\u00AD", "\u0600",     "\u061C",     "\u06DD",     "\u070F",     "\u08E2",    "\u180E",
        "\u200B", "\u200D",     "\u202E",     "\u2060",     "\u2066",     "\uFEFF",    "\uFFF9",
        "\uFFFB", "\U000110BD", "\U00013430", "\U0001D173", "\U000E0001", "\U000E0061"}},
      {"marks of any script, on Latin",
       {"\u0300", "\u0488", "\u05B0", "\u0610", "\u061A", "\u06D6",    "\u06ED", "\u0900",
        "\u093C", "\u0941", "\u094D", "\u0E31", "\u1CD0", "\u1CE0",    "\u2DE0", "\u302A",
        "\u3099", "\uA66F", "\uA67D", "\uFE0F", "\uFE2E", "\U0001D167"}},
      {"several", {"\u0301\u200B\u0900\u0001\u0900"}},
  };
  for (const auto& [what, unseen] : table) {
    for (const std::string& one : unseen) {
      const std::string told = what + ": " + ::testing::PrintToString(one);
      EXPECT_EQ(phrase_of("id" + one + "iot"), Words{"idiot"}) << told;
      EXPECT_EQ(phrase_of("идио" + one + "т"), Words{"идиот"}) << told;
      EXPECT_EQ(phrase_of("ηλιθιο" + one + "ς"), Words{"ηλιθιοσ"}) << told;
    }
  }
}

TEST(FoldingTest, BlanksPartWords) {
  for (const char* const blank :
       {" ", "\t", "\n", "\v", "\f", "\r", "\u00A0", "\u1680", "\u2003", "\u2028", "\u2029", "\u3000"}) {
    EXPECT_EQ(phrase_of(std::string("id") + blank + "iot"), (Words{"id", "iot"})) << blank;
  }
}

TEST(FoldingTest, MarksCountWhereWordsDifferByThem) {
  const std::vector<std::pair<std::string, Words>> table = {
      {"कि की", {"कि", "की"}}, {"हिन्दी", {"हिन्दी"}},     {"தமிழ்", {"தமிழ்"}},
      {"aकि", {"aकि"}},        {"किe\u0941x", {"किex"}}, {"مُحَمَّد مح\u06DAمد", {"محمد", "محمد"}},
  };
  for (const auto& [text, words] : table) EXPECT_EQ(phrase_of(text), words) << text;
}

TEST(FoldingTest, PlacesAreThoseOfTheOriginal) {
  const std::string text = "é ßa\u0301, 你";
  std::vector<Range> places;
  for_each_word(text, [&](const Word& word) { places.push_back(word.range); });
  EXPECT_EQ(places, (std::vector<Range>{{0, 2}, {3, 8}, {10, 13}}));
}

TEST(WordListTest, FindsWholeWordsAndPhrases) {
  WordList list;
  list.add(0, phrase_of("ass"));
  list.add(1, phrase_of("kick ass"));
  list.add(2, phrase_of("kick ass now"));
  list.add(3, phrase_of("ass"));
  EXPECT_EQ(list.size(), 4U);
  const std::vector<std::pair<std::string, std::vector<std::pair<std::size_t, Range>>>> table = {
      {"class assess", {}},
      {"ass", {{0, {0, 3}}, {3, {0, 3}}}},
      {"kick it", {}},
      {"Kick, ÁSS!", {{1, {0, 10}}, {0, {6, 10}}, {3, {6, 10}}}},
      {"kick kick ass", {{1, {5, 13}}, {0, {10, 13}}, {3, {10, 13}}}},
      {"kick some ass", {{0, {10, 13}}, {3, {10, 13}}}},
      {"kick ass now", {{1, {0, 8}}, {0, {5, 8}}, {3, {5, 8}}, {2, {0, 12}}}},
  };
  for (const auto& [text, expected] : table) {
    std::vector<std::pair<std::size_t, Range>> found;
    list.find(text, [&](std::size_t rule, const Range& where) { found.emplace_back(rule, where); });
    EXPECT_EQ(found, expected) << text;
  }
}

TEST(WordsTest, AMaskCoversEachCharacterAndNoMore) {
  const std::string keys = "words = ['idiot', 'völlig bekloppt', '傻瓜', '😀x', 'naïf']";
  const std::vector<std::pair<std::string, std::string>> table = {
      {"You idiot!", "You *****!"},
      {"IDIÓT idi\u0301ot", "***** ******"},
      {"idiotic idiots", "idiotic idiots"},
      {"Völlig, BEKLOPPT.", "****************."},
      {"völlig anders bekloppt", "völlig anders bekloppt"},
      {"你是傻瓜吗", "你是**吗"},
      {"é😀idiot😀é", "é😀*****😀é"},
      {"naïf naif", "**** ****"},
      {"idiot\"},\\{\n", "*****\"},\\{\n"},
      {"an id\u0001i\u0900ot\t", "an *******\t"},
  };
  for (const auto& [text, expected] : table) EXPECT_EQ(masked_by(keys, text), expected) << text;
}

TEST(WordsTest, AFileOfWordsIsReadLineByLine) {
  const Files files{{"w.txt", "\xEF\xBB\xBF# comment\n\n idiot \r\nvöllig bekloppt\n#x"}};
  const Set set = set_of(rule("reject", "words = ['moron']\nwords_file = 'w.txt'"), files);
  EXPECT_EQ(set->counts().words, 3U);
  for (const char* const text : {"idiot", "Vollig Bekloppt", "moron"}) {
    EXPECT_TRUE(judge(set, text_message(text)).rejection) << text;
  }
  EXPECT_FALSE(judge(set, text_message("comment x")).rejection);
}

TEST(WordsTest, HalfASurrogatePairHidesNothing) {
  const Set set = set_of(rule("mask", "words = ['idiot']"));
  EXPECT_EQ(result_of(*set, R"({"text":"\udc00 idiot \\u \ud83d\ude00"})"),
            "{\"text\":\"\uFFFD ***** \\\\u 😀\"}");
}

}  // namespace
}  // namespace inboxd::filter
