#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/scopes.hpp"

/// The scopes of tokens (PROTOCOL 10), as far as they speak of MQTT topics. They are read as RabbitMQ's
/// OAuth2 plugin reads them, but that its wildcard stops at the first find, and so refuses some of what a
/// scope says.
namespace inboxd::mqtt {

/// The exchange that scopes speak of. What clients send counts as having come through it: the engine takes
/// nothing from any other.
inline constexpr std::string_view kExchange = "amq.topic";

/// A set of texts: literals with wildcards between them, each of which stands for anything, nothing included.
class Pattern {
 public:
  /// `encoded` has `*` for the wildcard, and escapes as in a query string: `%2A` is a star that means itself,
  /// `+` a blank. Nothing where an escape is malformed, or stands for U+0000.
  static std::optional<Pattern> parse(std::string_view encoded);

  /// A routing key's pattern as one of topics, that is, with `/` for `.`. Also nothing where no topic could
  /// match: a literal has one of `/ + #`.
  static std::optional<Pattern> parse_key(std::string_view encoded);

  /// Whether the set holds a topic; or, for a filter, everything that the filter takes: no literal has `+` or
  /// `#`, so that only a wildcard covers one in the filter. Likewise a `.`, which is no separator of topics.
  ///
  /// As with RabbitMQ, what covers `a/#` by `a/` and a wildcard need not hold `a`, which the filter takes as
  /// well: clients subscribe so to their inboxes, and nothing is published to an inbox itself.
  ///
  /// Never looks at a byte of `text` more often than the pattern has bytes.
  bool covers(std::string_view text) const noexcept;

  /// The literal before the first wildcard.
  std::string_view beginning() const noexcept;

 private:
  explicit Pattern(std::string text) : text_(std::move(text)) {}

  std::string text_;  ///< literals, with U+0000 for each wildcard
};

/// A right on topics.
struct TopicScope {
  Right right = Right::kRead;
  Pattern topics;
};

/// Nothing where a scope grants no right on topics of the virtual host: it is of another form or service, or
/// speaks of another right, host or exchange than amq.topic; or it has no routing key, which to RabbitMQ is a
/// right to the exchange and to none of its keys.
std::optional<TopicScope> parse_scope(std::string_view scope, std::string_view vhost);

}  // namespace inboxd::mqtt
