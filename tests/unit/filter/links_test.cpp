#include "filter/links.hpp"

#include "unit/filter/filter_fixture.hpp"

namespace inboxd::filter {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the fixture of this folder
using Hosts = std::vector<std::string>;

TEST(LinksTest, FindsWhatClientsMakeLinksOf) {
  const std::vector<std::pair<std::string, Hosts>> table = {
      {"", {}},
      {"no link. None at all", {}},
      {"see https://Example.COM/a?b#c", {"example.com"}},
      {"http://a.b:8080, ftp://c.d", {"a.b", "c.d"}},
      {"https://good.example@evil.example/", {"evil.example"}},
      {"https:\\\\evil.example\\x", {"evil.example"}},
      {"https://%65vil.example", {"evil.example"}},
      {"https://ｅvil。example.", {"evil.example"}},
      {"http://[::1]:80/x http://localhost", {"[::1]", "localhost"}},
      {"(www.example.travel)", {"www.example.travel"}},
      {"example.com! sub.example.org?", {"example.com", "sub.example.org"}},
      {"example.travel/offer", {"example.travel"}},
      {"exämple.de", {"exämple.de"}},
      {"e.g.this file.txt 1.5 v1.2/3 and/or", {}},
      {"mail bob@example.com or bob.com@example.org", {}},
      {"a.b a.com", {"a.com"}},
  };
  const LinkFinder finder;
  for (const auto& [text, expected] : table) {
    Hosts hosts;
    finder.find(text, [&](const std::string& host, const Range&) { hosts.push_back(host); });
    EXPECT_EQ(hosts, expected) << text;
  }
}

TEST(LinksTest, ARuleSaysWhichHosts) {
  struct Row {
    std::string keys;
    std::string text;
    bool matched;
  };
  const std::vector<Row> table = {
      {"links = true", "http://a.example", true},
      {"links = true", "no link", false},
      {"links = ['evil.example']", "http://evil.example", true},
      {"links = ['evil.example']", "http://very.EVIL.example/x", true},
      {"links = ['evil.example']", "http://notevil.example", false},
      {"links = ['EVIL.example.']", "http://evil.example", true},
      {"allowed_links = ['example.com']", "no link", false},
      {"allowed_links = ['example.com']", "https://example.com/ and https://www.example.com", false},
      {"allowed_links = ['example.com']", "https://example.com/ and https://evil.example", true},
      {"allowed_links = ['example.com']", "https://example.com.evil.example", true},
      {"allowed_links = ['example.com']", "https://example.com@evil.example", true},
      {"allowed_links = []", "https://example.com", true},
      {"allowed_links = ['example.com']\nlinks = ['bad.example.com']", "https://bad.example.com", true},
  };
  for (const Row& row : table) {
    EXPECT_EQ(matches(row.keys, text_message(row.text)), row.matched) << row.keys << ' ' << row.text;
  }
}

TEST(LinksTest, AMaskCoversTheLinksThatAreNotWanted) {
  const std::string keys = "allowed_links = ['example.com']";
  EXPECT_EQ(masked_by(keys, "é (https://evil.example/ä), example.com/x é"),
            "é (**********************), example.com/x é");
  EXPECT_EQ(masked_by("links = true", "go to evil.com."), "go to ********.");
}

}  // namespace
}  // namespace inboxd::filter
