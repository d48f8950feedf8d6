#pragma once

#include <string_view>

#include "core/rows.hpp"

namespace inboxd {

/// The fingerprint of a delivery: the same in every version and on every machine, for it is stored. Not proof
/// against forgery, and need not be: the topic, which the broker vouches for, names the sender.
Fingerprint fingerprint_of(std::string_view topic, std::string_view payload) noexcept;

}  // namespace inboxd
