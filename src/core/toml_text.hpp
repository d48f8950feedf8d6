#pragma once

#include <cstddef>
#include <string_view>

namespace inboxd {

/// The line of the first byte that cannot stand where it does in any TOML, or 0: control characters, and
/// outside strings and comments what is not ASCII. toml++ 3.3 takes neither for granted as it ought to.
std::size_t line_of_stray(std::string_view text);

}  // namespace inboxd
