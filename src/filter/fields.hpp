#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "filter/rule.hpp"

namespace inboxd::filter {

/// A message's fields while it is judged: as its sender wrote them, and what has been changed since.
class Fields {
 public:
  /// `original` must outlive this.
  explicit Fields(const json::Object& original) : original_(original) {}

  /// The text of a value, as it is now; nothing where there is none. Valid until the next change.
  std::optional<std::string_view> top(std::string_view key) const;

  /// What the string at `path` says now; nothing where there is no string.
  std::optional<std::string> text(const FieldPath& path) const;

  /// Puts another string where there is one.
  void set_text(const FieldPath& path, std::string_view text);

  /// Names `rule` in `attributes.moderation.flags`. The first time takes the place of what the sender himself
  /// wrote there.
  void flag(std::string_view rule);

  /// Each changed field once.
  std::vector<json::Change> take() && { return std::move(changes_); }

 private:
  void set_top(std::string_view key, std::string raw);

  const json::Object& original_;
  std::vector<json::Change> changes_;
  std::vector<std::string> flags_;
};

}  // namespace inboxd::filter
