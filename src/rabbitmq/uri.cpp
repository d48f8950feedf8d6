#include "rabbitmq/uri.hpp"

#include <algorithm>
#include <array>
#include <boost/url/authority_view.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <utility>

namespace inboxd::rabbitmq {
namespace {

namespace urls = boost::urls;

constexpr std::uint16_t kPlainPort = 5672;
constexpr std::uint16_t kTlsPort = 5671;

/// Settings of other clients that existing URIs carry; they mean nothing to this one.
constexpr std::array<std::string_view, 3> kIgnoredParameters{"frameMax", "channelMax", "locale"};

Failure<std::string> failure(std::string_view text) { return Failure<std::string>(std::string(text)); }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string lowered(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

/// The C library beneath takes names and credentials as C strings.
bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

Result<Address, std::string> to_address(const urls::authority_view& authority, std::uint16_t default_port,
                                        bool tls) {
  Address address{.host = std::string(authority.host_address()), .port = default_port, .tls = tls};
  if (address.host.empty()) return failure("the host is missing");
  if (has_nul(address.host)) return failure("the host is not a name or an address");
  if (authority.has_port() && !authority.port().empty()) {
    const auto port = parse_number<std::uint16_t>(std::string_view(authority.port()));
    if (!port || *port == 0) return failure("the port must be a number from 1 to 65535");
    address.port = *port;
  }
  return address;
}

Result<std::string, std::string> to_vhost(const urls::url_view& url) {
  const std::string path = urls::pct_string_view(url.encoded_path()).decode();
  if (path.empty() || path == "/") return std::string("/");
  // Boost.URL takes a port that is no number for a path.
  if (!path.starts_with('/')) return failure("the port must be a number from 1 to 65535");
  if (path.size() > 256 || has_nul(path)) return failure("the virtual host is not a name of up to 255 bytes");
  return path.substr(1);
}

Result<std::optional<std::chrono::seconds>, std::string> to_heartbeat(const urls::url_view& url) {
  std::optional<std::chrono::seconds> heartbeat;
  for (const auto& parameter : url.params()) {
    const std::string key(parameter.key);
    if (key == "heartbeat") {
      const auto seconds = parse_number<std::uint16_t>(std::string(parameter.value));
      if (!seconds) return failure("heartbeat must be a number of seconds from 0 to 65535");
      heartbeat = std::chrono::seconds(*seconds);
    } else if (std::find(kIgnoredParameters.begin(), kIgnoredParameters.end(), key) ==
               kIgnoredParameters.end()) {
      return failure("only the parameter heartbeat is known");
    }
  }
  return heartbeat;
}

constexpr std::string_view kLongestScheme = "amqps://";

/// At the commas that begin another URI: a password may hold one.
std::vector<std::string_view> split_uris(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (std::size_t comma = text.find(','); comma != std::string_view::npos;
       comma = text.find(',', comma + 1)) {
    const std::string rest = lowered(trimmed(text.substr(comma + 1)).substr(0, kLongestScheme.size()));
    if (!rest.starts_with("amqp://") && !rest.starts_with(kLongestScheme)) continue;
    parts.push_back(trimmed(text.substr(begin, comma - begin)));
    begin = comma + 1;
  }
  parts.push_back(trimmed(text.substr(begin)));
  return parts;
}

/// Why the second URI does not belong to the first one's cluster, or empty.
std::string_view disagreement(const ParsedUri& first, const ParsedUri& other) {
  const bool names_user = !other.user.empty() || !other.password.empty();
  if (names_user && (other.user != first.user || other.password != first.password))
    return "other credentials";
  if (other.vhost != "/" && other.vhost != first.vhost) return "another virtual host";
  if (other.heartbeat && other.heartbeat != first.heartbeat) return "another heartbeat";
  return {};
}

}  // namespace

Result<ParsedUri, std::string> parse_amqp_uri(std::string_view text) {
  const auto url = urls::parse_uri(urls::string_view(text.data(), text.size()));
  if (!url) return failure("it is not a URI; in names and passwords, write special characters as %XX");
  const std::string scheme = lowered(std::string_view(url->scheme()));
  if (scheme != "amqp" && scheme != "amqps") return failure("it must begin with amqp:// or amqps://");
  // A '#' in a password would make another host of its first part.
  if (url->has_fragment()) return failure("it holds a '#'; in names and passwords, write it as %23");
  if (!url->has_authority()) return failure("the host is missing");

  const bool tls = scheme == "amqps";
  auto address = to_address(url->authority(), tls ? kTlsPort : kPlainPort, tls);
  if (!address) return Failure<std::string>(std::move(address.error()));
  auto vhost = to_vhost(*url);
  if (!vhost) return Failure<std::string>(std::move(vhost.error()));
  auto heartbeat = to_heartbeat(*url);
  if (!heartbeat) return Failure<std::string>(std::move(heartbeat.error()));

  ParsedUri parsed{.address = *std::move(address),
                   .user = url->encoded_user().decode(),
                   .password = url->encoded_password().decode(),
                   .vhost = *std::move(vhost),
                   .heartbeat = *heartbeat};
  if (has_nul(parsed.user) || has_nul(parsed.password))
    return failure("user and password must not hold a zero byte");
  return parsed;
}

Result<ParsedUris, std::string> parse_amqp_uris(std::string_view text) {
  ParsedUris all;
  std::optional<ParsedUri> first;
  const std::vector<std::string_view> parts = split_uris(text);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string where = parts.size() > 1 ? "URI " + std::to_string(i + 1) + ": " : std::string();
    auto parsed = parse_amqp_uri(parts[i]);
    if (!parsed) return Failure<std::string>(where + parsed.error());
    all.addresses.push_back(parsed->address);
    if (!first) {
      first = *std::move(parsed);
    } else if (const std::string_view problem = disagreement(*first, *parsed); !problem.empty()) {
      return Failure<std::string>(where + "it names " + std::string(problem) + " than the first");
    }
  }
  all.user = std::move(first->user);
  all.password = std::move(first->password);
  all.vhost = std::move(first->vhost);
  all.heartbeat = first->heartbeat;
  return all;
}

Result<std::vector<Address>, std::string> parse_hosts(std::string_view text, std::uint16_t default_port,
                                                      bool tls) {
  std::vector<Address> addresses;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view entry = trimmed(text.substr(begin, end - begin));
    begin = end + 1;
    const std::string where = "host " + std::to_string(addresses.size() + 1) + ": ";
    const auto authority = urls::parse_authority(urls::string_view(entry.data(), entry.size()));
    if (!authority || authority->has_userinfo())
      return Failure<std::string>(where + "it is not host or host:port");
    auto address = to_address(*authority, default_port, tls);
    if (!address) return Failure<std::string>(where + address.error());
    addresses.push_back(*std::move(address));
  }
  return addresses;
}

std::string to_string(const Address& address) {
  const bool literal = address.host.find(':') != std::string::npos;
  return (address.tls ? "amqps://" : "amqp://") + (literal ? "[" + address.host + "]" : address.host) + ":" +
         std::to_string(address.port);
}

}  // namespace inboxd::rabbitmq
