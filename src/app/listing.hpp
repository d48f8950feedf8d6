#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/invocation.hpp"
#include "config/settings.hpp"
#include "engine/ports.hpp"

/// What the commands that list parts of the store share.
namespace inboxd::app {

/// The store as it was committed when it was opened; the engine may go on with it. Throws StoreError.
std::unique_ptr<Store> open_to_read(const config::Settings& settings, Clock& clock);

/// on_chosen() for what reads the store as it was committed when the command began.
void on_chosen_to_read(CLI::App& command, Invocation& invocation, std::function<int(const Store&)> work);

/// E.g. `2026-01-31T12:00:00.123Z`.
std::string time_of(Millis at);

}  // namespace inboxd::app
