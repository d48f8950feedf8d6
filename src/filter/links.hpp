#pragma once

#include <re2/re2.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "filter/rule.hpp"
#include "filter/text.hpp"

namespace inboxd::filter {

/// A host of a rule as it can be compared (in lower case, in half-width characters), or nothing where it is
/// none.
std::optional<std::string> parse_host(std::string_view text);

/// Whether the rule wants a link to this host.
bool wants(const LinkRule& rule, std::string_view host);

/// Finds what readers' clients are likely to make links of: `scheme://…`, and names of hosts without a scheme
/// where a path follows, or where they end in a well-known domain or begin with `www.`. No mail addresses.
class LinkFinder {
 public:
  LinkFinder();

  /// Calls `found` with each link's host, as parse_host() gives it, and its place; twice where clients differ
  /// about where the host ends, and so where the link leads.
  using Found = std::function<void(const std::string& host, const Range& where)>;
  void find(std::string_view text, const Found& found) const;

 private:
  re2::RE2 pattern_;
};

}  // namespace inboxd::filter
