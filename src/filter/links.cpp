#include "filter/links.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

namespace inboxd::filter {
namespace {

/// Either a scheme, and an authority (1); or a name with dots in it (2) that no letter, digit, `@` or `.`
/// comes before, and what follows it (3). Backslashes, as browsers take them for slashes.
constexpr const char* kLink =
    R"((?i)[a-z][a-z0-9+.\-]{0,31}:[/\\]{2,}([^\s/?#\\<>"]+)[^\s<>"]*)"
    R"(|(?:^|[^\pL\pN\pM@._\-])((?:[\pL\pN][\pL\pN\pM_\-]*[.。．｡])+\pL[\pL\pN\pM\-]+))"
    R"(((?::[0-9]{1,5})?[/?#\\][^\s<>"]*)?)";

/// Domains that clients make links of although no path follows. Those that are words, or endings of files,
/// are not among them.
constexpr std::array<std::string_view, 30> kWellKnown{
    "app", "biz",  "br", "ch",  "club", "cn",   "co",  "com", "de",  "dev",
    "es",  "eu",   "fr", "gov", "info", "io",   "jp",  "net", "nl",  "onion",
    "org", "page", "pl", "ru",  "shop", "site", "top", "uk",  "vip", "xyz"};

struct Freed {
  void operator()(utf8proc_uint8_t* text) const noexcept { std::free(text); }  // NOLINT: the library's malloc
};

std::string compatible(const std::string& text) {
  const std::unique_ptr<utf8proc_uint8_t, Freed> folded(utf8proc_NFKC_Casefold(  // NUL-terminated
      reinterpret_cast<const utf8proc_uint8_t*>(text.c_str())));
  if (!folded) return lowered(text);
  return reinterpret_cast<const char*>(folded.get());
}

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

std::size_t offset_in(std::string_view text, const re2::StringPiece& part) {
  return static_cast<std::size_t>(part.data() - text.data());
}

/// Without what ends the sentence rather than the link.
std::size_t end_of(std::string_view text, std::size_t begin, std::size_t end) {
  const std::size_t last = text.substr(begin, end - begin).find_last_not_of(".,;:!?)]}'*");
  return last == std::string_view::npos ? end : begin + last + 1;
}

}  // namespace

std::string normalized_host(std::string_view host) {
  const std::string_view named = host.substr(host.rfind('@') + 1);  // npos + 1 is 0
  std::string text = compatible(percent_decoded(without_port(named)));
  replace_all(text, "。", ".");
  while (text.ends_with('.')) text.pop_back();
  return text;
}

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
  std::size_t from = 0;
  while (pattern_.Match(subject, from, text.size(), re2::RE2::UNANCHORED, parts.data(), 4)) {
    const bool bare = parts[1].data() == nullptr;
    const re2::StringPiece& named = bare ? parts[2] : parts[1];
    const std::string host = normalized_host({named.data(), named.size()});
    const std::size_t begin = bare ? offset_in(text, named) : offset_in(text, parts[0]);
    const std::size_t end = offset_in(text, parts[0]) + parts[0].size();
    from = end;
    if (bare && end < text.size() && text[end] == '@') continue;
    if (bare && !is_bare_link(host, parts[3].data() != nullptr)) continue;
    found(host, {begin, end_of(text, begin, end)});
  }
}

}  // namespace inboxd::filter
