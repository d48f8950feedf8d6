#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/http_client.hpp"

namespace inboxd::net {
namespace {

TEST(UrlTest, ReadsWhatIsOne) {
  const std::vector<std::pair<std::string, Url>> cases = {
      {"http://example.org", {false, "example.org", 80, "/"}},
      {"https://example.org", {true, "example.org", 443, "/"}},
      {"http://example.org:8080/a/b?x=1&y=%20z", {false, "example.org", 8080, "/a/b?x=1&y=%20z"}},
      {"https://example.org?token=1", {true, "example.org", 443, "/?token=1"}},
      {"HTTPS://example.org/", {true, "example.org", 443, "/"}},
      {"http://127.0.0.1:81/", {false, "127.0.0.1", 81, "/"}},
      {"http://[::1]:81/x", {false, "::1", 81, "/x"}},
  };
  for (const auto& [text, expected] : cases) {
    const auto url = parse_url(text);
    ASSERT_TRUE(url) << text << ": " << url.error();
    EXPECT_EQ(*url, expected) << text << " -> " << url->host << " " << url->port << " " << url->target;
  }
}

TEST(UrlTest, RefusesWhatIsNone) {
  const std::vector<std::string> cases = {
      "",
      "example.org",
      "ftp://example.org/",
      "http://",
      "http:///path",
      "http://user@example.org/",
      "http://user:password@example.org/",
      "http://example.org/#fragment",
      "http://example.org:0/",
      "http://example.org:65536/",
      "http://example.org:x/",
      "http://example.org:80b",
      "http://[::1]:8443b/x",
      "http://exa mple.org/",
      "http://example.org/a b",
      "http://example.org/a\r\nX-Header: 1",
      "http://a%0d%0ab/",
      "http://a%00b/",
      "http://[fe80::1%25eth0]/",
      "http://[::1/",
      "http://example.org/" + std::string(9000, 'x'),
  };
  for (const std::string& text : cases) EXPECT_FALSE(parse_url(text)) << text;
}

TEST(UrlTest, ErrorsQuoteNoQuery) {
  const auto url = parse_url("http://example.org/a b?token=hidden");
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().find("hidden"), std::string::npos);
}

}  // namespace
}  // namespace inboxd::net
