#include "mqtt/topic.hpp"

#include <cstddef>

#include "core/id.hpp"
#include "mqtt/levels.hpp"

namespace inboxd::mqtt {
namespace {

constexpr std::size_t kMaxTopicBytes = 65'535;
constexpr std::string_view kSharePrefix = "$share/";

/// MQTT-4.7.3-1 to 4.7.3-3, MQTT-1.5.4-1.
bool is_topic_text(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kMaxTopicBytes && text.find('\0') == std::string_view::npos &&
         is_valid_utf8(text);
}

/// MQTT-4.7.1-1 and 4.7.1-2: a wildcard fills its level, and `#` is the last.
bool has_wildcards_in_place(std::string_view filter) noexcept {
  Levels levels(filter);
  while (!levels.done()) {
    const std::string_view level = levels.next();
    if (level == "#") return levels.done();
    if (level != "+" && has_wildcards(level)) return false;
  }
  return true;
}

}  // namespace

bool has_wildcards(std::string_view text) noexcept {
  return text.find('+') != std::string_view::npos || text.find('#') != std::string_view::npos;
}

bool is_valid_topic(std::string_view topic) noexcept { return is_topic_text(topic) && !has_wildcards(topic); }

bool is_valid_filter(std::string_view filter) noexcept {
  if (!is_topic_text(filter)) return false;
  if (!is_shared(filter)) return has_wildcards_in_place(filter);
  const auto shared = shared_filter(filter);
  return shared && has_wildcards_in_place(shared->filter);
}

bool matches(std::string_view filter, std::string_view topic) noexcept {
  const bool hidden = topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'));
  if (hidden) return false;
  Levels wanted(filter);
  Levels given(topic);
  while (!wanted.done()) {
    const std::string_view want = wanted.next();
    if (want == "#") return true;
    const std::string_view have = given.next();
    if (want != "+" && want != have) return false;
    // `a/#` takes `a` as well (4.7.1.2).
    if (given.done()) return wanted.done() || wanted.rest() == "#";
  }
  return false;
}

bool is_shared(std::string_view filter) noexcept { return filter.starts_with(kSharePrefix); }

std::optional<SharedFilter> shared_filter(std::string_view filter) noexcept {
  if (!is_shared(filter)) return std::nullopt;
  Levels levels(filter.substr(kSharePrefix.size()));
  const std::string_view group = levels.next();
  // MQTT-4.8.2-1 and 4.8.2-2.
  if (group.empty() || has_wildcards(group) || levels.rest().empty()) return std::nullopt;
  return SharedFilter{group, levels.rest()};
}

}  // namespace inboxd::mqtt
