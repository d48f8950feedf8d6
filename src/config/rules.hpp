#pragma once

#include <string_view>

#include "config/load.hpp"

namespace inboxd::config {

/// The environment variable that names the settings file where `--config` does not.
inline constexpr std::string_view kFileVariable = "INBOXD_CONFIG";

/// What no setting can say by itself: combinations that are refused, and defaults that hang on another
/// setting.
void check_rules(Loaded& loaded, Problems& problems);

}  // namespace inboxd::config
