#pragma once

namespace inboxd::app {

/// The program: parses the command line, runs the subcommand, returns the exit code.
int run(int argc, const char* const* argv);

}  // namespace inboxd::app
