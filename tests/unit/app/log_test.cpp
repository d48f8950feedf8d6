#include "app/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <sstream>

#include "core/json.hpp"

namespace inboxd::app {
namespace {

using config::LogFormat;
using config::Verbosity;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

/// What is written for the events that `say` logs.
template <class Say>
std::string logged(Verbosity verbosity, LogFormat format, Say say) {
  std::ostringstream out;
  {
    SpdLog log(verbosity, format, std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
    say(log);
  }
  return out.str();
}

TEST(Log, WritesTextThatStaysOneLine) {
  const std::string line = logged(Verbosity::kInfo, LogFormat::kText, [](Log& log) {
    log.warn("broker lost", {{"why", "it said \"no\"\nand\x1b[31m left"}, {"port", "5672"}, {"none", ""}});
  });
  EXPECT_THAT(line, MatchesRegex("[-0-9T:.]+Z warn  broker lost why=\"[^\n]*\" port=5672 none=\"\"\n"));
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
}

TEST(Log, WritesNothingThatATerminalTakesForACommand) {
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    const std::string line = logged(Verbosity::kInfo, format, [](Log& log) {
      log.info("refused", {{"topic",
                            "a\x7f"
                            "b\u009b31m\u00e9"},
                           {"user", "\u0085"}});
    });
    EXPECT_THAT(line, HasSubstr("a\\u007fb\\u009b31m\u00e9\"")) << "a letter stays";
    EXPECT_THAT(line, HasSubstr("\"\\u0085\""));
  }
}

TEST(Log, WritesValidJsonWhateverTheFieldsHold) {
  const std::string line = logged(Verbosity::kInfo, LogFormat::kJson, [](Log& log) {
    log.error("a \"b\"", {{"bytes", "\xff\x01\n"}, {"text", "é"}});
  });
  ASSERT_TRUE(line.ends_with("\n"));
  const std::string_view text(line.data(), line.size() - 1);
  const auto object = json::parse_object(text);
  ASSERT_TRUE(object) << line;
  EXPECT_EQ(json::string_value(*object->find("event")), "a \"b\"");
  EXPECT_EQ(json::string_value(*object->find("level")), "error");
  EXPECT_EQ(json::string_value(*object->find("text")), "é");
  EXPECT_EQ(json::string_value(*object->find("bytes")), "\xEF\xBF\xBD\x01\n");
}

struct Row {
  Verbosity verbosity;
  int lines;
};

class LogVerbosity : public ::testing::TestWithParam<Row> {};

TEST_P(LogVerbosity, LeavesOutWhatIsLessSevere) {
  const std::string text = logged(GetParam().verbosity, LogFormat::kText, [](Log& log) {
    log.debug("d");
    log.info("i");
    log.warn("w");
    log.error("e");
  });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), GetParam().lines) << text;
}

INSTANTIATE_TEST_SUITE_P(App, LogVerbosity,
                         ::testing::Values(Row{Verbosity::kError, 1}, Row{Verbosity::kWarn, 2},
                                           Row{Verbosity::kInfo, 3}, Row{Verbosity::kVerbose, 3},
                                           Row{Verbosity::kDebug, 4}));

}  // namespace
}  // namespace inboxd::app
