#include "app/terminal.hpp"

#include <gtest/gtest.h>

#include "core/json.hpp"

namespace inboxd::app {
namespace {

struct Case {
  const char* name;
  std::string written;
  std::string shown;
};

class Printable : public ::testing::TestWithParam<Case> {};

TEST_P(Printable, CannotSteerTheTerminal) { EXPECT_EQ(printable(GetParam().written), GetParam().shown); }

INSTANTIATE_TEST_SUITE_P(
    Table, Printable,
    ::testing::Values(Case{"plain", "hello, J\xC3\xBCrgen \xF0\x9F\x98\x80",
                           "hello, J\xC3\xBCrgen \xF0\x9F\x98\x80"},
                      Case{"colour", "\x1B[31mred", "[31mred"}, Case{"title", "\x1B]0;root\x07x", "]0;rootx"},
                      Case{"c1_csi",
                           "\xC2\x9B"
                           "2Jx",
                           "2Jx"},
                      Case{"delete",
                           "a\x7F"
                           "b",
                           "ab"},
                      Case{"nul", std::string("a\0b", 3), "ab"}, Case{"backspace", "ab\b\b", "ab"},
                      Case{"breaks",
                           "a\r\nb\tc\xE2\x80\xA8"
                           "d",
                           "a  b c d"},
                      Case{"reordering",
                           "a\xE2\x80\xAE"
                           "b\xE2\x81\xA6"
                           "c",
                           "abc"},
                      Case{"no_utf8",
                           "a\xFF"
                           "b\xC3",
                           "a\xEF\xBF\xBD"
                           "b\xEF\xBF\xBD"},
                      Case{"raw_c1_byte",
                           "a\x9B"
                           "2J",
                           "a\xEF\xBF\xBD"
                           "2J"},
                      Case{"surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
                      Case{"empty", "", ""}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(PrintableJson, KeepsTheValueOnOneLine) {
  const std::string written = "{\n\t\"a\": \"x\xC2\x9By\x7F\xE2\x80\xAE\"\r\n}";
  const std::string shown = printable_json(written);
  EXPECT_EQ(shown, "{  \"a\": \"x\\u009by\\u007f\\u202e\"  }");
  const auto before = json::parse_object(written);
  const auto after = json::parse_object(shown);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(json::string_value(*before->find("a")), json::string_value(*after->find("a")));
}

}  // namespace
}  // namespace inboxd::app
