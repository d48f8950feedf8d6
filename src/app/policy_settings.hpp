#pragma once

#include "config/settings.hpp"
#include "core/policy.hpp"
#include "engine/rate_limiter.hpp"
#include "hook/settings.hpp"

namespace inboxd::app {

PolicyRules policy_rules(const config::Settings& settings);

/// This instance's part of the limits.
RateLimits rate_limits(const config::Settings& settings);

/// Of a hook that is set.
hook::Settings hook_settings(const config::Settings& settings);

}  // namespace inboxd::app
