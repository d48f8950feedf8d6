#include "filter/pattern_set.hpp"
#include "unit/filter/filter_fixture.hpp"

namespace inboxd::filter {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the fixture of this folder

TEST(PatternsTest, AMaskCoversWhatMatches) {
  struct Row {
    std::string pattern;
    std::string text;
    std::string expected;
  };
  const std::vector<Row> table = {
      {R"(\b(?:\d[ -]?){13,16}\b)", "card 4111 1111 1111 1111, thanks", "card *******************, thanks"},
      {"x+", "é xx 😀 x", "é ** 😀 *"},
      {"(?i)ж", "Жж", "**"},
      {"^a", "aa", "*a"},
      {"\\ba", "a ba a", "* ba *"},
      {"x*", "axb", "a*b"},
      {"x*", "éé", "éé"},
      {".", "é😀a", "***"},
      {"\\C", "é", "*"},
  };
  for (const Row& row : table) {
    EXPECT_EQ(masked_by("patterns = ['" + row.pattern + "']", row.text), row.expected) << row.pattern;
  }
}

TEST(PatternsTest, BeyondTheLastPlaceAllIsMasked) {
  const std::string text(2 * kMaxPlaces, 'a');
  std::vector<Range> places;
  places_of(**compile_pattern("a"), text, places);
  ASSERT_EQ(places.size(), kMaxPlaces + 1);
  EXPECT_EQ(places.back(), (Range{kMaxPlaces, text.size()}));
}

TEST(PatternsTest, WithoutMemoryForAllTheyAreTriedOneByOne) {
  for (const std::int64_t memory : {kPatternSetMemory, std::int64_t{60'000}, std::int64_t{1}}) {
    PatternSet set;
    const int count = 30;
    for (int i = 0; i < count; ++i) {
      set.add(static_cast<std::size_t>(i),
              *compile_pattern("(?:a|b)*" + std::to_string(i) + "[a-f]{5}.*z" + std::to_string(i) + "$"));
    }
    set.seal(memory);
    for (int i = 0; i < count; ++i) {
      std::vector<bool> rules(count);
      const std::string number = std::to_string(i);
      set.find("abab" + number + "abcdef then z" + number, rules);
      std::vector<bool> expected(count);
      expected[static_cast<std::size_t>(i)] = true;
      EXPECT_EQ(rules, expected) << memory << ' ' << i;
    }
  }
}

TEST(PatternsTest, ALongTextTakesTimeInProportion) {
  const Set set = set_of(rule("reject", "patterns = ['(a+)+$', '(?:x+x+)+y', '(.*)(.*)(.*)[^b]b']"));
  EXPECT_TRUE(judge(set, text_message(std::string(200'000, 'a'))).rejection);
  EXPECT_FALSE(judge(set, text_message(std::string(200'000, 'x'))).rejection);
}

}  // namespace
}  // namespace inboxd::filter
