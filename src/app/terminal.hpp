#pragma once

#include <string>
#include <string_view>

namespace inboxd::app {

/// What somebody else wrote, made safe for one line of a terminal: control characters, escape sequences'
/// beginnings and marks that reorder text are dropped, line breaks and tabs become blanks, bytes that are no
/// UTF-8 become U+FFFD.
std::string printable(std::string_view text);

/// JSON on one line, safe for a terminal and still the same value: such characters are written as `\uXXXX`.
/// `json` must be valid.
std::string printable_json(std::string_view json);

}  // namespace inboxd::app
