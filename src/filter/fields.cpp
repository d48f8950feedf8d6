#include "filter/fields.hpp"

#include <algorithm>
#include <span>

#include "filter/text.hpp"

namespace inboxd::filter {
namespace {

using Path = std::span<const std::string>;

std::optional<std::string> text_at(std::string_view raw, Path path) {
  if (path.empty()) return json::is_string(raw) ? std::optional(text_of(raw)) : std::nullopt;
  if (!json::is_object(raw)) return std::nullopt;
  const auto object = json::parse_object(raw);
  const auto member = object ? object->find(path.front()) : std::nullopt;
  return member ? text_at(*member, path.subspan(1)) : std::nullopt;
}

/// `raw` with another value at `path`, where there is one.
std::string with_value(std::string_view raw, Path path, const std::string& value) {
  if (path.empty()) return value;
  const auto object = json::parse_object(raw);
  const auto member = object ? object->find(path.front()) : std::nullopt;
  if (!member) return std::string(raw);
  return json::with_changes(*object, {{path.front(), with_value(*member, path.subspan(1), value)}});
}

std::string list_of(const std::vector<std::string>& texts) {
  std::string raw = "[";
  for (const std::string& text : texts) {
    if (raw.size() > 1) raw += ',';
    raw += json::quoted(text);
  }
  return raw + ']';
}

}  // namespace

std::optional<std::string_view> Fields::top(std::string_view key) const {
  const auto changed = std::find_if(changes_.begin(), changes_.end(),
                                    [key](const json::Change& change) { return change.first == key; });
  if (changed != changes_.end()) return changed->second;
  return original_.find(key);
}

std::optional<std::string> Fields::text(const FieldPath& path) const {
  const auto raw = top(path.front());
  return raw ? text_at(*raw, Path(path).subspan(1)) : std::nullopt;
}

void Fields::set_text(const FieldPath& path, std::string_view text) {
  const auto raw = top(path.front());
  if (raw) set_top(path.front(), with_value(*raw, Path(path).subspan(1), json::quoted(text)));
}

void Fields::flag(std::string_view rule) {
  flags_.emplace_back(rule);
  const std::string raw(top("attributes").value_or("{}"));
  const auto attributes = json::parse_object(json::is_object(raw) ? raw : std::string_view("{}"));
  if (!attributes) return;
  const std::string moderation = json::ObjectWriter().raw("flags", list_of(flags_)).finish();
  set_top("attributes", json::with_changes(*attributes, {{"moderation", moderation}}));
}

void Fields::set_top(std::string_view key, std::string raw) {
  for (json::Change& change : changes_) {
    if (change.first != key) continue;
    change.second = std::move(raw);
    return;
  }
  changes_.emplace_back(key, std::move(raw));
}

}  // namespace inboxd::filter
