#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <string>

#include "net/http_client.hpp"

namespace inboxd::net {
namespace {

constexpr std::size_t kMaxUrlBytes = 8 * 1024;
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

Failure<std::string> wrong(std::string why) { return Failure<std::string>(std::move(why)); }

/// What must not be in it, or nothing.
std::string refusal_of(const boost::urls::url_view& view) {
  using boost::urls::scheme;
  if (view.scheme_id() != scheme::http && view.scheme_id() != scheme::https) {
    return "a URL begins with http:// or https://";
  }
  if (view.has_userinfo()) return "a URL here names no user and no password";
  if (view.has_fragment()) return "a URL here has no fragment (#…)";
  if (!view.has_authority() || view.encoded_host().empty()) return "the URL names no host";
  // What follows a port's digits is a path to the library, whatever it is.
  const auto path = view.encoded_path();
  if (!path.empty() && path.front() != '/') return "the URL's path begins with a slash";
  if (view.has_port() && view.port_number() == 0) return "the URL's port is not one of 1 to 65535";
  return {};
}

}  // namespace

Result<Url, std::string> parse_url(std::string_view text) {
  if (text.size() > kMaxUrlBytes) return wrong("the URL is too long");
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return wrong("not a URL: it takes the form http://host/path or https://host/path");
  const boost::urls::url_view& view = *parsed;
  if (std::string why = refusal_of(view); !why.empty()) return wrong(std::move(why));
  Url url;
  url.tls = view.scheme_id() == boost::urls::scheme::https;
  url.host = view.host_type() == boost::urls::host_type::ipv6 ? view.host_address() : view.host();
  if (url.host.find_first_of(std::string_view(" \t\r\n\0/?#@%", 10)) != std::string::npos) {
    return wrong("the URL's host is not a name and not an address");
  }
  url.port = view.has_port() ? view.port_number() : url.tls ? kHttpsPort : kHttpPort;
  const auto path = view.encoded_path();
  url.target = path.empty() ? "/" : std::string(path.data(), path.size());
  if (view.has_query()) {
    const auto query = view.encoded_query();
    url.target.append("?").append(query.data(), query.size());
  }
  return url;
}

}  // namespace inboxd::net
