#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "config/settings.hpp"

/// The declaration of a setting, and how the text that a person wrote becomes its value.
namespace inboxd::config {

/// kFlag is a kBool as other deployments write it: whatever is not `true` is false, and nothing is an error.
enum class Kind { kText, kSecret, kInteger, kBytes, kDuration, kBool, kFlag, kChoice, kList };

/// Where a value goes, and thereby its type. A choice hands over the index of what was chosen, a list its
/// items.
using Target = std::variant<std::string Settings::*, std::uint16_t Settings::*, std::size_t Settings::*,
                            bool Settings::*, std::chrono::milliseconds Settings::*,
                            std::vector<std::string> Settings::*, void (*)(Settings&, std::size_t),
                            void (*)(Settings&, const std::vector<std::string>&)>;

struct Setting {
  std::string_view section;
  /// The environment variable. The key of the file is the same in lower case, the flag the same with dashes.
  std::string_view name;
  Kind kind = Kind::kText;
  Target target;
  std::string_view default_text;  ///< as a person would write it; empty: not set
  std::string_view help;
  std::uint64_t min = 0;  ///< of kInteger, of kBytes in bytes, of kDuration in milliseconds
  std::uint64_t max = UINT64_MAX;
  std::vector<std::string_view> choices = {};  ///< of kChoice and kList; any case is taken
  std::vector<std::string_view> aliases =
      {};  ///< other environment variables; the name wins over them, in order
};

/// Every setting, in the order of the reference page.
std::span<const Setting> all_settings();

/// A variable of existing deployments that is taken without complaint and has no effect. `name` may end in
/// `*`.
struct Inert {
  std::string_view name;
  std::string_view help;
};
std::span<const Inert> inert_settings();
bool is_inert(std::string_view variable);

std::string key_of(const Setting& setting);   ///< e.g. `rabbitmq_host`
std::string flag_of(const Setting& setting);  ///< e.g. `--rabbitmq-host`

/// What may be written, in words: `a whole number from 1 to 65535`.
std::string allowed(const Setting& setting);

/// Puts the value that `text` says into `settings`, or says what is wrong with it. The complaint quotes the
/// text unless it is a secret.
tl::expected<void, std::string> assign(const Setting& setting, std::string_view text, Settings& settings);

/// Non-empty items of a comma list, without the blanks around them.
std::vector<std::string> split_list(std::string_view text);

std::string lower(std::string_view text);

}  // namespace inboxd::config
