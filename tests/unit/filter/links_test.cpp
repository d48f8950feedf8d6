#include "filter/links.hpp"

#include <chrono>

#include "unit/filter/filter_fixture.hpp"

namespace inboxd::filter {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the fixture of this folder
using Hosts = std::vector<std::string>;

void expect_hosts(const std::vector<std::pair<std::string, Hosts>>& table) {
  const LinkFinder finder;
  for (const auto& [text, expected] : table) {
    Hosts hosts;
    finder.find(text, [&](const std::string& host, const Range&) { hosts.push_back(host); });
    EXPECT_EQ(hosts, expected) << text;
  }
}

TEST(LinksTest, FindsWhatClientsMakeLinksOf) {
  expect_hosts({
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
  });
}

TEST(LinksTest, AHostEndsBeforeWhatNoHostHasInIt) {
  const Set named = set_of(rule("reject", "links = ['evil.com']"));
  const Set strange = set_of(rule("reject", "allowed_links = ['evil.com']"));
  for (const char* const text :
       {"(see LINK)", "LINK, look",  "LINK!",        "[x](LINK)",    "**LINK**",     "`LINK`",
        "LINK;x",     "LINK|x",      "LINK，看",     "LINK）",       "LINK。",       "LINK…",
        "LINK…look",  "LINK...look", "LINK\u00A0hi", "LINK\u3000hi", "LINK\u2028hi", "LINK\u0001hi",
        "LINK's",     "{LINK}",      "~LINK~",       "LINK+",        "LINK=",        "LINK€",
        "LINK→look",  "LINK😀",       "_LINK_",       "-LINK-",       "LINK%2Cx",     "LINK%zz",
        "LINK%FF",    "LINK:80, x",  "LINK:80)",     "LINK:",        "LINK@ home",   "LINK@)",
        "\"LINK\"",   "<LINK>",      "«LINK»",       "(LINK/)",      "LINK?）"}) {
    for (const std::string link : {"https://evil.com", "https://good.com@EVIL.com", "https://a:b@evil.com"}) {
      std::string linked(text);
      linked.replace(linked.find("LINK"), 4, link);
      EXPECT_TRUE(judge(named, text_message(linked)).rejection) << linked;
      EXPECT_FALSE(judge(strange, text_message(linked)).rejection) << linked;
    }
  }
}

TEST(LinksTest, HostsAsBrowsersReadThem) {
  expect_hosts({
      {"https://ⓔⓥⓘⓛ.com https://ev\u00ADil.com", {"evil.com", "evil.com"}},
      {"https://evil․com https://evil｡com https://evil．com", {"evil.com", "evil.com", "evil.com"}},
      {"https://ex%41mple.com:8080/", {"example.com"}},
      {"https://пример.рф/ https://xn--e1afmkfd.xn--p1ai", {"пример.рф", "xn--e1afmkfd.xn--p1ai"}},
      {"https://my_host-1.a.b", {"my_host-1.a.b"}},
      {"https://u:p%40w@[2001:db8::1]:80/, [::1]", {"[2001:db8::1]"}},
      {"https://[evil] https:// https://!!! https://@ https://... https://)@(", {}},
      {"https://💩.la/", {"💩.la"}},
  });
}

TEST(LinksTest, WhereClientsDifferBothAreFound) {
  expect_hosts({
      {"https://evil.com,x@good.com/", {"evil.com", "good.com"}},
      {"https://evil.com)x@[::1]/", {"evil.com", "[::1]"}},
      {"https://us!er:p,w@good.com/", {"good.com"}},
      {"https://a,b.evil.com/x", {"a,b.evil.com", "b.evil.com"}},
      {"https://ok.com,evil.com/x.org", {"ok.com", "ok.com,evil.com", "evil.com"}},
      {"https://evil.com。看看", {"evil.com", "evil.com.看看"}},
      {"https://例。中国", {"例.中国"}},
  });
}

TEST(LinksTest, APathEndsWhereAnotherLinkBegins) {
  expect_hosts({
      {"[a](https://b.com/)[c](https://d.com/)", {"b.com", "d.com"}},
      {"https://b.com/x,https://d.com", {"b.com", "d.com"}},
      {"https://b.com/，https://d.com", {"b.com", "d.com"}},
      {"https://b.com/\u00A0https://d.com b.com/\u3000d.com", {"b.com", "d.com", "b.com", "d.com"}},
      {"https://b.com/?to=https://d.com/x.org&y=z.com", {"b.com"}},
      {"https://web.archive.org/web/2020/https://d.com/", {"web.archive.org"}},
      {"b.com/d.com", {"b.com"}},
  });
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
      {"allowed_links = ['example.com']", "see (https://example.com)", false},
      {"allowed_links = ['example.com']", "https://example.com, ok", false},
      {"allowed_links = ['example.com']", "**https://example.com**; `https://example.com`", false},
      {"allowed_links = ['example.com']", "[x](https://www.example.com/a)[y](https://example.com)", false},
      {"allowed_links = ['example.com']", "https://example.com，看。", false},
      {"allowed_links = ['example.com']", "https://example.com\u00A0ok", false},
      {"allowed_links = ['example.com']", "https://u,ser@example.com/ https://example.com😀", false},
      {"allowed_links = ['example.com']", "https://example.com,evil.example", true},
      {"allowed_links = ['example.com']", "https://example.com/,https://evil.example", true},
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
  EXPECT_EQ(masked_by("links = true", "(http://a.b) http://a.b:80, http://a.b，é"),
            "(**********) *************, **********，é");
  EXPECT_EQ(masked_by("links = true", "(http://a.b/),(http://a.b/?z)\u00A0é"),
            "(***********),(*************)\u00A0é");
  EXPECT_EQ(masked_by("links = true", "http://a,b.evil.com/x é"), "********************* é");
}

TEST(LinksTest, ALongTextTakesTimeInProportion) {
  const LinkFinder finder;
  for (const std::string_view part :
       {"https://a.b/,", "https://a.b,", "https://a,b.cc/", "https://a@", "a.cc/", "a.", "://", "x,",
        "https://a.b/?https://", "https://", "a.b@", "https://a.b。", "!x.cc:8"}) {
    for (const char* const beginning : {"", "https://", "https://a.b/", "https://a,b.cc/"}) {
      std::string text(beginning);
      while (text.size() < 100'000) text += part;
      const auto start = std::chrono::steady_clock::now();
      finder.find(text, [](const std::string&, const Range&) {});
      EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5)) << beginning << part;
    }
  }
}

}  // namespace
}  // namespace inboxd::filter
