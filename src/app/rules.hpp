#pragma once

#include "app/invocation.hpp"

namespace inboxd::app {

/// What only core, auth and the broker's adapter can say of the settings: every complaint; and adds to the
/// warnings.
config::Problems check_settings(config::Loaded& loaded, Needs needs);

}  // namespace inboxd::app
