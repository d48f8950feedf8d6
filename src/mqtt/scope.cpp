#include "mqtt/scope.hpp"

#include <algorithm>
#include <utility>

namespace inboxd::mqtt {
namespace {

constexpr char kWildcard = '\0';

std::optional<unsigned> hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10U;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10U;
  return std::nullopt;
}

/// The byte of an escape's two digits.
std::optional<char> escaped(std::string_view digits) noexcept {
  if (digits.size() != 2) return std::nullopt;
  const auto high = hex_value(digits[0]);
  const auto low = hex_value(digits[1]);
  if (!high || !low) return std::nullopt;
  return static_cast<char>((*high << 4U) | *low);
}

bool take(std::string_view& text, std::string_view prefix) noexcept {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<Right> take_right(std::string_view& scope) noexcept {
  if (take(scope, "rabbitmq.read:")) return Right::kRead;
  if (take(scope, "rabbitmq.write:")) return Right::kWrite;
  return std::nullopt;
}

bool names(std::string_view encoded, std::string_view name) {
  const auto pattern = Pattern::parse(encoded);
  return pattern && pattern->covers(name);
}

}  // namespace

std::optional<Pattern> Pattern::parse(std::string_view encoded) {
  std::string text;
  text.reserve(encoded.size());
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    char c = encoded[i];
    if (c == '*') {
      if (text.empty() || text.back() != kWildcard) text.push_back(kWildcard);
      continue;
    }
    if (c == '+') c = ' ';
    if (c == '%') {
      const auto byte = escaped(encoded.substr(i + 1, 2));
      if (!byte) return std::nullopt;
      c = *byte;
      i += 2;
    }
    if (c == kWildcard) return std::nullopt;
    text.push_back(c);
  }
  text.shrink_to_fit();
  return Pattern(std::move(text));
}

std::optional<Pattern> Pattern::parse_key(std::string_view encoded) {
  auto pattern = parse(encoded);
  if (!pattern || pattern->text_.find_first_of("/+#") != std::string::npos) return std::nullopt;
  std::replace(pattern->text_.begin(), pattern->text_.end(), '.', '/');
  return pattern;
}

bool Pattern::covers(std::string_view text) const noexcept {
  std::string_view pattern = text_;
  std::size_t wildcard = pattern.find(kWildcard);
  if (wildcard == std::string_view::npos) return text == pattern;
  if (!take(text, pattern.substr(0, wildcard))) return false;
  // The first find of a literal between wildcards leaves the most for those that follow, so that no other
  // need be tried; the last literal is bound to the end.
  for (;;) {
    pattern.remove_prefix(wildcard + 1);
    wildcard = pattern.find(kWildcard);
    if (wildcard == std::string_view::npos) return text.ends_with(pattern);
    const std::size_t found = text.find(pattern.substr(0, wildcard));
    if (found == std::string_view::npos) return false;
    text.remove_prefix(found + wildcard);
  }
}

std::string_view Pattern::beginning() const noexcept {
  return std::string_view(text_).substr(0, text_.find(kWildcard));
}

std::optional<TopicScope> parse_scope(std::string_view scope, std::string_view vhost) {
  const auto right = take_right(scope);
  if (!right) return std::nullopt;
  const std::size_t first = scope.find('/');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = scope.find('/', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  if (!names(scope.substr(0, first), vhost)) return std::nullopt;
  if (!names(scope.substr(first + 1, second - first - 1), kExchange)) return std::nullopt;
  // A further slash would be a literal of the key, where it cannot be.
  auto topics = Pattern::parse_key(scope.substr(second + 1));
  if (!topics) return std::nullopt;
  return TopicScope{*right, *std::move(topics)};
}

}  // namespace inboxd::mqtt
