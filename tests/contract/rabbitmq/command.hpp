#pragma once

#include <string>
#include <vector>

namespace inboxd::test {

/// Runs a program, without a shell, and waits for its end. Its output, standard error included, goes to the
/// end of the file `log`. Throws std::runtime_error where it fails.
void run(const std::vector<std::string>& command, const std::string& log);

}  // namespace inboxd::test
