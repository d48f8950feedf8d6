#pragma once

#include <memory>
#include <string>

#include "config/settings.hpp"
#include "engine/ports.hpp"

/// What the commands that list parts of the store share.
namespace inboxd::app {

/// The store as it was committed when it was opened; the engine may go on with it. Throws StoreError.
std::unique_ptr<Store> open_to_read(const config::Settings& settings, Clock& clock);

/// E.g. `2026-01-31T12:00:00.123Z`.
std::string time_of(Millis at);

}  // namespace inboxd::app
