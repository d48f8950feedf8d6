#pragma once

#include <string>
#include <string_view>

#include "config/settings.hpp"
#include "core/result.hpp"

namespace inboxd::app {

/// The URL of a resource of the engine that runs on this machine with these settings: `resource` is the path
/// below BASEURL/APP_ID.
std::string engine_url(const config::Settings& settings, std::string_view resource);

/// Posts JSON to it as an administrator, and returns its answer's body; or why there is none, for people.
/// Blocks for half a minute at most.
Result<std::string, std::string> ask_engine(const config::Settings& settings, std::string_view resource,
                                            std::string body);

}  // namespace inboxd::app
