#include "unit/filter/filter_fixture.hpp"

namespace inboxd::filter {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the fixture of this folder

struct Row {
  std::string keys;
  std::string message;
  bool matched;
};

void expect_rows(const std::vector<Row>& table) {
  for (const Row& row : table) {
    EXPECT_EQ(matches(row.keys, row.message), row.matched) << row.keys << ' ' << row.message;
  }
}

TEST(MatchersTest, Attachments) {
  const std::string exe = "attachments = ['.exe']";
  const std::string image = "attachments = ['IMAGE/*']";
  expect_rows({
      {exe, R"({"metadata":{"name":"Setup.EXE"}})", true},
      {exe, R"({"metadata":{"name":"setup.exe. "}})", true},
      {exe, R"({"metadata":{"name":"setup.exe.txt"}})", false},
      {exe, R"({"metadata":{"src":"https://x.example/a.exe?token=1#z"}})", true},
      {exe, R"({"metadata":{"src":"https://x.example/a%2Eexe"}})", true},
      {exe, R"({"metadata":{"src":"https://x.example/?a.exe"}})", false},
      {exe, R"({"metadata":"a.exe"})", false},
      {exe, R"({"metadata":{"name":7,"src":null}})", false},
      {exe, R"({"metadata":null})", false},
      {exe, R"({"text":"a.exe"})", false},
      {image, R"({"metadata":{"type":"image/png"}})", true},
      {image, R"({"metadata":{"type":"Image/PNG; charset=x"}})", true},
      {image, R"({"metadata":{"type":"imagery/png"}})", false},
      {"attachments = ['application/zip']", R"({"metadata":{"type":"application/zip"}})", true},
      {"attachments = ['application/zip']", R"({"metadata":{"type":"application/zipped"}})", false},
  });
}

TEST(MatchersTest, AttachmentsHoweverTheyAreWritten) {
  const std::string exe = "attachments = ['.exe']";
  const std::string wide = "attachments = ['.ＥＸＥ']";
  const std::string com = "attachments = ['.com']";
  const std::string program = "attachments = ['application/x-msdownload']";
  expect_rows({
      {exe, "{\"metadata\":{\"name\":\"a.exe\u200B\"}}", true},
      {exe, "{\"metadata\":{\"name\":\"a.e\u200Bxe\"}}", true},
      {exe, "{\"metadata\":{\"name\":\"a.EXE\u00A0\"}}", true},
      {exe, "{\"metadata\":{\"name\":\"a.exe\u3000. \u2028\"}}", true},
      {exe, "{\"metadata\":{\"name\":\"a.ｅｘｅ\"}}", true},
      {exe, R"({"metadata":{"name":"a.exe\u0000"}})", true},
      {exe, R"({"metadata":{"name":"a.exe/"}})", false},
      {exe, R"({"metadata":{"name":"a.exe;x"}})", false},
      {wide, R"({"metadata":{"name":"a.exe"}})", true},
      {exe, R"({"metadata":{"src":"https://h/a.exe;x"}})", true},
      {exe, R"({"metadata":{"src":"https://h/a.exe;x=1/2;y"}})", true},
      {exe, R"({"metadata":{"src":"https://h/a;b.exe"}})", true},
      {exe, R"({"metadata":{"src":"https://h/a.exe/"}})", true},
      {exe, R"({"metadata":{"src":"https://h/a.exe%E2%80%8B//?x#y"}})", true},
      {exe, R"({"metadata":{"src":" https://h/a.e\nxe\n"}})", true},
      {exe, R"({"metadata":{"src":"a.exe"}})", true},
      {exe, R"({"metadata":{"src":"https://h/a.exe/b.txt"}})", false},
      {com, R"({"metadata":{"src":"https://example.com"}})", false},
      {com, R"({"metadata":{"src":"https://example.com/"}})", false},
      {com, R"({"metadata":{"src":"https://example.com/a.com"}})", true},
      {program, R"({"metadata":{"src":"data:application/x-msdownload;base64,TVqQ"}})", true},
      {program, R"({"metadata":{"src":"DATA: Application/X-MSDownload,x"}})", true},
      {program, R"({"metadata":{"src":"data:text/plain;base64,application/x-msdownload"}})", false},
      {program, R"({"metadata":{"src":"https://h/data:application/x-msdownload"}})", false},
      {"attachments = ['image/*']", R"({"metadata":{"type":"text/plain","src":"data:image/png,x"}})", true},
      {exe, R"({"metadata":{"src":"data:text/plain,a.exe"}})", false},
  });
}

TEST(MatchersTest, AttachmentsWhereverTheyAre) {
  const std::string exe = "attachments = ['.exe']";
  const auto nested = [](int depth) {
    const auto times = static_cast<std::size_t>(depth);
    std::string text = R"({"name":"a.exe"})";
    for (std::size_t i = 0; i < times; ++i) text = i % 2 == 0 ? "[" + text + "]" : R"({"x":)" + text + "}";
    return R"({"metadata":)" + text + "}";
  };
  expect_rows({
      {exe, R"({"metadata":[{"name":"a.exe"}]})", true},
      {exe, R"({"metadata":[{"name":"a.txt"}, "x", [], {"name":"a.exe"}]})", true},
      {exe, R"({"metadata":{"files":[{"name":"a.exe"}]}})", true},
      {exe, R"({"metadata":{"name":"a.txt","file":{"src":"https://h/a.exe"}}})", true},
      {exe, R"({"metadata":{"files":["a.exe"],"title":"a.exe"}})", false},
      {exe, R"({"metadata":[[[{"note":"a.exe"}]]]})", false},
      {exe, nested(8), true},
      {exe, nested(9), false},
  });
}

TEST(MatchersTest, LongerThan) {
  expect_rows({
      {"longer_than = 3", R"({"text":"äöü"})", false},
      {"longer_than = 3", R"({"text":"äöü😀"})", true},
      {"longer_than = 0", R"({"text":""})", false},
      {"longer_than = 0", R"({"text":"\u0041"})", true},
      {"longer_than = 0", R"({"type":"image"})", false},
  });
  EXPECT_EQ(masked_by("longer_than = 3", "äöü😀x"), "äöü**");
}

TEST(MatchersTest, AnyOfTheMatchersWillDo) {
  const std::string keys = "words = ['idiot']\npatterns = ['\\d{4}']\nlinks = true\nlonger_than = 20";
  for (const char* const text : {"idiot", "1234", "http://a.example", "abcdefghijklmnopqrstuvwxyz"}) {
    EXPECT_TRUE(matches(keys, text_message(text))) << text;
  }
  EXPECT_FALSE(matches(keys, text_message("hello")));
}

TEST(MatchersTest, AllOfTheConditionsMustHold) {
  const std::string word = "words = ['x']\n";
  expect_rows({
      {word + "types = ['text']", R"({"text":"x"})", true},
      {word + "types = ['text']", R"({"text":"x","type":null})", true},
      {word + "types = ['text']", R"({"text":"x","type":"image"})", false},
      {word + "types = ['image', 'file']", R"({"text":"x","type":"file"})", true},
      {"types = ['file']", R"({"text":"y","type":"file"})", true},
      {"types = ['file']", R"({"text":"y"})", false},
      {word + "apps = ['tilechat']", R"({"text":"x"})", true},
      {word + "apps = ['other']", R"({"text":"x"})", false},
  });
  for (const bool group : {false, true}) {
    const Where where{.group = group};
    const std::string message = text_message("x");
    EXPECT_TRUE(matches(word, message, where));
    EXPECT_TRUE(matches(word + "channels = ['direct', 'group']", message, where));
    EXPECT_EQ(matches(word + "channels = ['direct']", message, where), !group);
    EXPECT_EQ(matches(word + "channels = ['group']", message, where), group);
  }
}

TEST(MatchersTest, FieldsSayWhereToLook) {
  const std::string keys = "words = ['x']\nfields = ['text', 'metadata.name', 'attributes.a.b']";
  expect_rows({
      {keys, R"({"text":"x"})", true},
      {keys, R"({"metadata":{"name":"x"}})", true},
      {keys, R"({"attributes":{"a":{"b":"x"}}})", true},
      {keys, R"({"attributes":{"a":{"b":"y"},"b":"x"},"metadata":{"title":"x"},"name":"x"})", false},
      {keys, R"({"metadata":["x"],"attributes":{"a":"x"}})", false},
      {keys, R"({"text":["x"]})", false},
      {keys, R"({"text":"y","t\u0065xt":"x"})", true},
      {"words = ['x']", R"({"metadata":{"name":"x"}})", false},
      {"words = ['x']\nfields = ['metadata.name']", R"({"text":"x"})", false},
  });
}

}  // namespace
}  // namespace inboxd::filter
