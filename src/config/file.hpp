#pragma once

#include <string>
#include <tl/expected.hpp>

namespace inboxd::config {

/// The whole of a file of at most `kMaxFileBytes`, or why it cannot be read.
inline constexpr std::size_t kMaxFileBytes = 1024 * 1024;
tl::expected<std::string, std::string> read_text_file(const std::string& path);

/// Whether users other than the owner and his group may read it.
bool readable_by_all(const std::string& path);

}  // namespace inboxd::config
