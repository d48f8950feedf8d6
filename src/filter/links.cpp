#include "filter/links.hpp"

#include <algorithm>
#include <array>

#include "filter/unicode.hpp"

namespace inboxd::filter {
namespace {

/// Either a scheme, and an authority (1); or a name with dots in it (2) that no letter, digit, `@` or `.`
/// comes before, and the beginning of a path (3). Backslashes, as browsers take them for slashes.
constexpr const char* kLink =
    R"((?i)[a-z][a-z0-9+.\-]{0,31}:[/\\]{2,}([^\s\pZ/?#\\<>"]+))"
    R"(|(?:^|[^\pL\pN\pM@._\-])((?:[\pL\pN][\pL\pN\pM_\-]*[.。．｡])+\pL[\pL\pN\pM\-]+))"
    R"(((?::[0-9]{1,5})?[/?#\\])?)";

constexpr std::size_t kMaxSchemeBytes = 32;

/// Domains that clients make links of although no path follows. Those that are words, or endings of files,
/// are not among them.
constexpr std::array<std::string_view, 30> kWellKnown{
    "app", "biz",  "br", "ch",  "club", "cn",   "co",  "com", "de",  "dev",
    "es",  "eu",   "fr", "gov", "info", "io",   "jp",  "net", "nl",  "onion",
    "org", "page", "pl", "ru",  "shop", "site", "top", "uk",  "vip", "xyz"};

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

/// Whether `host` is `domain`, or below it.
bool within(std::string_view host, std::string_view domain) {
  if (!host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

bool within_any(std::string_view host, const std::vector<std::string>& domains) {
  return std::any_of(domains.begin(), domains.end(), [host](const auto& one) { return within(host, one); });
}

/// Whether a name that no scheme comes before is a link.
bool is_bare_link(std::string_view host, bool has_path) {
  if (has_path || host.starts_with("www.")) return true;
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return std::find(kWellKnown.begin(), kWellKnown.end(), last) != kWellKnown.end();
}

std::size_t offset_in(std::string_view text, std::string_view part) {
  return static_cast<std::size_t>(part.data() - text.data());
}

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_any_of(char c, std::string_view characters) noexcept {
  return characters.find(c) != std::string_view::npos;
}

/// Whether a host may have this in it.
bool is_in_host(std::int32_t c) noexcept {
  constexpr std::int32_t kIdeographicStop = 0x3002;
  if (c < 0x80) {
    const char ascii = static_cast<char>(c);
    return is_letter(ascii) || is_digit(ascii) || is_any_of(ascii, "._-");
  }
  const Kind kind = kind_of(c);
  return kind == Kind::kLetter || kind == Kind::kNumber || kind == Kind::kMark ||
         kind == Kind::kSpacingMark || c == kIdeographicStop;
}

/// Whether all that a character stands for may be in a host, as browsers find out what that is: they take
/// `ⓐ` for a letter, and do not see a soft hyphen. Symbols that stand for themselves rather end a link.
bool fits_host(std::int32_t c) noexcept {
  Expansion expansion(c);
  const auto parts = expansion.parts();
  // An ellipsis is no dot: there is nothing between its three.
  if (parts.size() > 1 && parts[0] == '.') return false;
  return std::all_of(parts.begin(), parts.end(), is_in_host);
}

/// Bytes that begin `text` and can be part of a host, or are among `also`.
std::size_t host_length(std::string_view text, std::string_view also) {
  std::size_t length = 0;
  while (length < text.size()) {
    const CodePoint c = first_code_point(text.substr(length));
    if (c.value < 0 || (!is_any_of(text[length], also) && !fits_host(c.value))) break;
    length += c.length;
  }
  return length;
}

/// As hosts are compared: in lower case and half-width characters, with plain dots.
std::string comparable(std::string_view decoded) {
  std::string host = compatible(decoded);
  replace_all(host, "。", ".");
  while (host.ends_with('.')) host.pop_back();
  return host;
}

std::string normalized_host(std::string_view host) { return comparable(percent_decoded(without_port(host))); }

/// The host of `written`, which may have a port, up to the first character or empty label that cannot be a
/// host's, also where that is escaped. `_https://a.b_` is emphasis, not a name.
std::string strict_host(std::string_view written) {
  const std::string decoded = percent_decoded(without_port(written));
  std::string host = comparable(std::string_view(decoded).substr(0, host_length(decoded, {})));
  host.erase(0, host.find_first_not_of('.'));
  host.resize(std::min(host.find(".."), host.size()));
  host.erase(host.find_last_not_of(".-_") + 1);
  return host;
}

/// Whether the last label could be that of a top-level domain, and none is empty.
bool ends_in_domain(std::string_view host) {
  const std::size_t dot = host.rfind('.');
  if (dot == std::string_view::npos || host.find("..") != std::string_view::npos) return false;
  const std::string_view label = host.substr(dot + 1);
  return label.size() > 1 && is_letter(label.front()) && std::all_of(label.begin(), label.end(), [](char c) {
           return is_letter(c) || is_digit(c) || c == '-';
         });
}

std::string_view without_user(std::string_view authority) {
  return authority.substr(authority.rfind('@') + 1);  // npos + 1 is 0
}

/// `[::1]`, where `text` begins with such an address.
std::string_view bracketed(std::string_view text) {
  if (!text.starts_with('[')) return {};
  const std::size_t end = text.find_first_not_of("0123456789abcdefABCDEF:.", 1);
  const bool closed = end != std::string_view::npos && end > 1 && text[end] == ']';
  return closed ? text.substr(0, end + 1) : std::string_view();
}

/// What an authority with characters in it at which most clients end a link says to one that takes them all,
/// as browsers do. Empty where that can be no host.
std::string lenient_host(std::string_view authority) {
  const std::string_view named = without_user(authority);
  if (const auto address = bracketed(named); !address.empty()) return normalized_host(address);
  if (host_length(named, "%:") == named.size()) return strict_host(named);
  std::string host = normalized_host(named);
  const auto is_end = [](char c) { return is_letter(c) || is_digit(c); };
  host.erase(static_cast<std::size_t>(host.rend() - std::find_if(host.rbegin(), host.rend(), is_end)));
  return ends_in_domain(host) ? host : std::string();
}

/// Up to the stop of a Chinese sentence, which browsers take for a dot, and others for the end of a link.
std::string_view until_stop(std::string_view host) {
  return host.substr(0, std::min(host.find("。"), host.find("｡")));
}

/// Different hosts; of several those without a dot are left out, but for the last: they are the names of
/// users, or the beginnings of labels.
std::vector<std::string> distinct_hosts(std::vector<std::string> hosts) {
  std::vector<std::string> distinct;
  for (std::string& host : hosts) {
    if (host.empty() || std::find(distinct.begin(), distinct.end(), host) != distinct.end()) continue;
    if (!distinct.empty() && distinct.back().find('.') == std::string::npos) distinct.pop_back();
    distinct.push_back(std::move(host));
  }
  return distinct;
}

/// Where an authority leads: to several hosts where clients differ about its end.
struct Authority {
  std::vector<std::string> hosts;
  std::size_t length = 0;  ///< bytes, up to the first at which a client may end it
  bool whole = false;      ///< some client takes all of it, and what follows
};

Authority read_authority(std::string_view text) {
  const std::size_t length = host_length(text, "%@:");
  const bool whole = length == text.size();
  std::string lenient = whole ? std::string() : lenient_host(text);
  std::string_view named = text.substr(0, length);
  named = without_user(named.substr(0, named.find_last_not_of("@:") + 1));
  std::string strict = strict_host(named);
  const bool differs = !lenient.empty() && lenient != strict;
  return {.hosts = distinct_hosts({strict_host(until_stop(named)), std::move(strict), std::move(lenient)}),
          .length = length,
          .whole = whole || differs};
}

/// Where the scheme begins that ends at `end`.
std::size_t scheme_before(std::string_view text, std::size_t end) {
  std::size_t begin = end;
  while (begin > 0 && end - begin < kMaxSchemeBytes &&
         (is_letter(text[begin - 1]) || is_digit(text[begin - 1]) || is_any_of(text[begin - 1], "+.-"))) {
    --begin;
  }
  return begin;
}

/// Whether what looks like a link right behind `c` is one of its own, as in
/// `[a](https://b.c/)[d](https://e.f/)`, rather than a part of the path before it, as in
/// `https://a.b/?to=https://c.d/`.
bool parts_links(char c) noexcept {
  return static_cast<unsigned char>(c) >= 0x80 || is_any_of(c, "()[]{},;!|*'`");
}

bool ends_path(const CodePoint& c) noexcept {
  if (c.value >= 0x80) return kind_of(c.value) == Kind::kBlank;
  return c.value >= 0 && is_any_of(static_cast<char>(c.value), " \t\n\f\r<>\"");
}

/// Where the path that begins at `begin` ends, or another link begins.
std::size_t end_of_path(std::string_view text, std::size_t begin) {
  std::size_t at = begin;
  while (at < text.size()) {
    const CodePoint c = first_code_point(text.substr(at));
    if (ends_path(c)) break;
    if (text.substr(at).starts_with("://")) {
      const std::size_t scheme = scheme_before(text, at);
      if (scheme > begin && scheme < at && parts_links(text[scheme - 1])) return scheme;
    }
    at += c.length;
  }
  return at;
}

/// Without what ends the sentence rather than the link.
std::size_t without_punctuation(std::string_view text, std::size_t begin, std::size_t end) {
  const std::size_t last = text.substr(begin, end - begin).find_last_not_of(".,;:!?()[]{}'*`|");
  return last == std::string_view::npos ? end : begin + last + 1;
}

struct Link {
  std::vector<std::string> hosts;
  std::size_t host_end = 0;  ///< where to go on looking
  Range path;                ///< empty where it has none; what looks like a link in there is none
  std::size_t end = 0;
};

Link with_scheme(std::string_view text, std::string_view authority) {
  const std::size_t begin = offset_in(text, authority);
  const std::size_t end = begin + authority.size();
  Authority read = read_authority(authority);
  Link link{.hosts = std::move(read.hosts), .host_end = begin + read.length};
  link.end = read.whole ? end : link.host_end;
  if (read.whole && end < text.size() && is_any_of(text[end], "/?#\\")) {
    link.path = {end, end_of_path(text, end)};
    link.end = link.path.end;
  }
  return link;
}

/// A name of a host without a scheme. It leads nowhere where clients make no link of it.
Link without_scheme(std::string_view text, std::string_view name, bool has_path) {
  Link link{.host_end = offset_in(text, name) + name.size()};
  link.end = link.host_end;
  if (link.end < text.size() && text[link.end] == '@') return link;
  std::string host = strict_host(name);
  if (!is_bare_link(host, has_path)) return link;
  link.hosts.push_back(std::move(host));
  if (!has_path) return link;
  link.path = {link.host_end, end_of_path(text, link.host_end)};
  link.end = link.path.end;
  return link;
}

std::string_view view_of(const re2::StringPiece& part) { return {part.data(), part.size()}; }

}  // namespace

std::optional<std::string> parse_host(std::string_view text) {
  if (text.empty() || text.find_first_of(std::string_view(" \t\r\n/\\:@?#%*<>\"\0", 16)) != text.npos) {
    return std::nullopt;
  }
  std::string host = normalized_host(text);
  if (host.empty() || host.starts_with('.') || host.find("..") != std::string::npos) return std::nullopt;
  return host;
}

bool wants(const LinkRule& rule, std::string_view host) {
  if (rule.any || within_any(host, rule.hosts)) return true;
  return rule.allowed && !within_any(host, *rule.allowed);
}

LinkFinder::LinkFinder() : pattern_(kLink, re2::RE2::Quiet) {}

void LinkFinder::find(std::string_view text, const Found& found) const {
  const re2::StringPiece subject(text.data(), text.size());
  std::array<re2::StringPiece, 4> parts;
  Range path;
  std::size_t from = 0;
  while (pattern_.Match(subject, from, text.size(), re2::RE2::UNANCHORED, parts.data(), 4)) {
    const bool bare = parts[1].data() == nullptr;
    const std::size_t begin = offset_in(text, view_of(parts[bare ? 2 : 0]));
    if (begin >= path.begin && begin < path.end) {
      from = path.end;
      continue;
    }
    const Link link = bare ? without_scheme(text, view_of(parts[2]), parts[3].data() != nullptr)
                           : with_scheme(text, view_of(parts[1]));
    for (const std::string& host : link.hosts)
      found(host, {begin, without_punctuation(text, begin, link.end)});
    path = link.path;
    from = link.host_end;
  }
}

}  // namespace inboxd::filter
