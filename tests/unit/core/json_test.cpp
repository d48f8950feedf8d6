#include "core/json.hpp"

#include <gtest/gtest.h>

#include <string>

namespace inboxd::json {
namespace {

struct BadText {
  const char* what;
  std::string text;
  Reason reason;
};

const BadText kBadTexts[] = {
    {"empty", "", Reason::kBadJson},
    {"words", "hello", Reason::kBadJson},
    {"array", "[1]", Reason::kBadJson},
    {"string", "\"a\"", Reason::kBadJson},
    {"number", "1", Reason::kBadJson},
    {"null", "null", Reason::kBadJson},
    {"unclosed", "{\"a\":1", Reason::kBadJson},
    {"trailing comma", "{\"a\":1,}", Reason::kBadJson},
    {"two documents", "{}{}", Reason::kBadJson},
    {"text after it", "{} x", Reason::kBadJson},
    {"NUL after it", std::string("{}\0x", 4), Reason::kBadJson},
    {"raw control character", "{\"a\":\"\n\"}", Reason::kBadJson},
    {"bare nested word", "{\"a\":{\"b\":tru}}", Reason::kBadJson},
    {"leading zero", "{\"a\":01}", Reason::kBadJson},
    {"number beyond what a double can hold, which no client could read", "{\"a\":1E400}", Reason::kBadJson},
    {"not a number", "{\"a\":NaN}", Reason::kBadJson},
    {"invalid UTF-8", "{\"a\":\"\xff\"}", Reason::kBadJson},
    {"invalid UTF-8 in a key", "{\"\xc0\xaf\":1}", Reason::kBadJson},
    {"half a surrogate pair in a key, which would be written anew", "{\"\\udc00\":1}", Reason::kBadJson},
    {"half a surrogate pair", "{\"a\":\"\\ud800\"}", Reason::kBadJson},
    {"deeper than the limit", std::string(65, '[').insert(0, "{\"a\":") + std::string(65, ']') + "}",
     Reason::kTooDeep},
    {"much deeper", "{\"a\":" + std::string(200'000, '['), Reason::kTooDeep},
};

TEST(JsonTest, RefusesWhatIsNoObject) {
  for (const BadText& c : kBadTexts) {
    const auto object = parse_object(c.text);
    ASSERT_FALSE(object) << c.what;
    EXPECT_EQ(object.error().reason, c.reason) << c.what;
  }
}

TEST(JsonTest, NoControlCharacterIsLetIntoAString) {
  for (char control = 0; control < ' '; ++control) {
    for (std::size_t before = 0; before < 40; ++before) {
      for (const char* const escape : {"", "\\n"}) {
        std::string text = escape + std::string(before, 'x') + control + "after it";
        EXPECT_FALSE(parse_object("{\"a\":\"" + text + "\"}")) << int{control} << " at " << before;
        EXPECT_FALSE(parse_object("{\"" + text + "\":1}")) << int{control} << " at " << before << " of a key";
      }
    }
  }
}

TEST(JsonTest, StringsOfAnyLengthEndWhereTheyEnd) {
  for (std::size_t length = 0; length < 100; ++length) {
    const std::string text(length, 'x');
    const std::string escaped = "\\u00e9" + text + "\\\\" + text + "\\\"";
    const std::string document =
        "{\"" + text + "k\":\"" + text + "\", \"" + escaped + "\" : \"" + escaped + "\",\"n\":-1.50}";
    const auto object = parse_object(document);
    ASSERT_TRUE(object) << length;
    EXPECT_EQ(object->find(text + "k"), "\"" + text + "\"") << length;
    EXPECT_EQ(object->find("\u00e9" + text + "\\" + text + "\""), "\"" + escaped + "\"") << length;
    EXPECT_EQ(object->find("n"), "-1.50") << length;
  }
}

// PROTOCOL 2: every other field passes through with its value unchanged, to the last nested value.
TEST(JsonTest, ValuesStayAsTheyWereWritten) {
  const char* const values[] = {
      "123456789012345678901234567890",
      "0.1234567890123456789012345678901234567890",
      "-0",
      "1E300",
      "1e-400",
      "true",
      "false",
      "null",
      "\"\"",
      "\"a\\u0041\\n\\/\"",
      "[ 1 , [2,\t{}] ]",
      "{ \"x\" : { \"y\" : [ ] } }",
      "\"\xf0\x9f\x98\x80\"",
  };
  for (const std::string value : values) {
    const std::string text = "{ \"before\":1, \"v\" :  " + value + " , \"after\":\"}\" }";
    const auto object = parse_object(text);
    ASSERT_TRUE(object) << value << ": " << object.error().detail;
    EXPECT_EQ(object->find("v"), value);
    EXPECT_EQ(object->find("after"), "\"}\"");
    EXPECT_EQ(object->members().size(), 3U);
  }
}

TEST(JsonTest, OfDuplicatesTheLastCounts) {
  const std::string text = R"({"sender":"x","a":1,"sender":"y","\u0073ender":"z"})";
  const auto object = parse_object(text);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->members().size(), 2U);
  EXPECT_EQ(object->find("sender"), "\"z\"");
}

TEST(JsonTest, OfDuplicatesTheLastCountsInLargeObjectsToo) {
  std::string text = "{";
  for (int i = 0; i < 500; ++i) text += "\"k" + std::to_string(i % 100) + "\":" + std::to_string(i) + ",";
  text.back() = '}';
  const auto object = parse_object(text);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->members().size(), 100U);
  EXPECT_EQ(object->find("k7"), "407");
}

TEST(JsonTest, NullIsNoValue) {
  const auto object = parse_object(R"({"a":null,"b":1})");
  ASSERT_TRUE(object);
  EXPECT_TRUE(object->find("a"));
  EXPECT_FALSE(object->find_value("a"));
  EXPECT_TRUE(object->find_value("b"));
}

TEST(JsonTest, ReadsStrings) {
  EXPECT_EQ(string_value(R"("plain")"), "plain");
  EXPECT_EQ(string_value(R"("a\"\\\nb\u00e9")"), "a\"\\\nb\xc3\xa9");
  EXPECT_EQ(string_value("1"), std::nullopt);
  EXPECT_EQ(string_value("null"), std::nullopt);
}

struct IntegerCase {
  const char* raw;
  std::optional<std::int64_t> value;
};

TEST(JsonTest, ReadsIntegers) {
  const IntegerCase cases[] = {{"0", 0},
                               {"-5", -5},
                               {"1700000000000", 1'700'000'000'000},
                               {"1.7e12", 1'700'000'000'000},
                               {"12.9", 12},
                               {"1e400", std::nullopt},
                               {"99999999999999999999", std::nullopt},
                               {"\"1\"", std::nullopt},
                               {"true", std::nullopt},
                               {"null", std::nullopt},
                               {"[1]", std::nullopt}};
  for (const IntegerCase& c : cases) EXPECT_EQ(integer_value(c.raw), c.value) << c.raw;
}

TEST(JsonTest, ReadsOneStringOrAList) {
  EXPECT_EQ(strings_value(R"("a")"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(strings_value(R"(["a","b"])"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(strings_value("[]"), (std::vector<std::string>{}));
  for (const char* raw : {"1", "[1]", "[\"a\",2]", "[[\"a\"]]", "{}", "[{}]", "true", "[null]"}) {
    EXPECT_EQ(strings_value(raw), std::nullopt) << raw;
  }
}

TEST(JsonTest, WhatItQuotesReadsBack) {
  std::string all;
  for (int c = 0; c < 128; ++c) all.push_back(static_cast<char>(c));
  all += "\xc3\xa9";
  EXPECT_EQ(string_value(json::quoted(all)), all);
  EXPECT_TRUE(parse_object("{" + json::quoted(all) + ":1}"));
}

TEST(JsonTest, WritesObjects) {
  EXPECT_EQ(ObjectWriter().finish(), "{}");
  const std::string text =
      ObjectWriter().string("a\"", "b\n").integer("n", -1).boolean("t", true).raw("r", "[1]").finish();
  EXPECT_EQ(text, R"({"a\"":"b\n","n":-1,"t":true,"r":[1]})");
  EXPECT_EQ(with_member("{}", "a", "1"), R"({"a":1})");
  EXPECT_EQ(with_member(R"({"a":1})", "b", "2"), R"({"a":1,"b":2})");
}

}  // namespace
}  // namespace inboxd::json
