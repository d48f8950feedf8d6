#pragma once

#include <vector>

#include "config/load.hpp"

namespace CLI {
class App;
}

namespace inboxd::config {

/// Makes every setting a flag of `command`, left out of its --help. What was given is appended to `values`
/// while the command line is parsed; both must live until then.
void add_flags(CLI::App& command, std::vector<FlagValue>& values);

}  // namespace inboxd::config
