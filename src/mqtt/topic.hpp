#pragma once

#include <optional>
#include <string_view>

/// Topic names and filters (MQTT 5.0, section 4.7).
namespace inboxd::mqtt {

/// Whether there is a `+` or `#` in it, wherever it stands: a topic name has none.
bool has_wildcards(std::string_view text) noexcept;

/// 1-65,535 bytes of UTF-8 without U+0000, `+` and `#`.
bool is_valid_topic(std::string_view topic) noexcept;

/// The same with wildcards where they may stand. Also of the form `$share/{group}/{filter}`.
bool is_valid_filter(std::string_view filter) noexcept;

/// Whether a valid filter, not a shared one, takes a valid topic. `#` and `+` do not take a first level that
/// begins with `$` (MQTT-4.7.2-1).
bool matches(std::string_view filter, std::string_view topic) noexcept;

/// Whether the filter begins with `$share/`, well-formed or not (4.8.2).
bool is_shared(std::string_view filter) noexcept;

/// The parts of `$share/{group}/{filter}`; nothing where the filter has not that form.
struct SharedFilter {
  std::string_view group;
  std::string_view filter;
};
std::optional<SharedFilter> shared_filter(std::string_view filter) noexcept;

}  // namespace inboxd::mqtt
