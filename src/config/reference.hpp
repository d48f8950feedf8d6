#pragma once

#include <string>

namespace inboxd::config {

/// Every setting with its default and meaning, for a terminal.
std::string reference_text();

/// The same as a Markdown page: docs/settings.md is this, to the byte.
std::string reference_markdown();

}  // namespace inboxd::config
