#pragma once

#include <string>

#include "config/load.hpp"
#include "core/result.hpp"

namespace inboxd::app {

/// Where the embedded broker keeps the key of tokens that nobody gave it.
std::string secret_file(const config::Settings& settings);

/// The embedded broker without JWT_SECRET: takes the key from secret_file(), and with `make` makes one there
/// where there is none, for its owner's eyes alone. The error is for people.
Result<void, std::string> provide_secret(config::Loaded& loaded, bool make);

}  // namespace inboxd::app
