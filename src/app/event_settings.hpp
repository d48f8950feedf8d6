#pragma once

#include "config/settings.hpp"
#include "engine/events.hpp"
#include "webhook/settings.hpp"

namespace inboxd::app {

/// Which events are written, and to whom. Nobody, where webhooks are switched off.
EventSettings event_settings(const config::Settings& settings);

/// How they are sent there.
webhook::Settings webhook_settings(const config::Settings& settings);

}  // namespace inboxd::app
