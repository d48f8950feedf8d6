#pragma once

#include <cstdint>
#include <optional>

#include "mqtt/decoder.hpp"
#include "mqtt/wire.hpp"

namespace inboxd::mqtt {

constexpr Kind kind_of(std::uint8_t first_byte) noexcept { return static_cast<Kind>(first_byte >> 4U); }
constexpr unsigned flags_of(std::uint8_t first_byte) noexcept { return first_byte & 0x0FU; }

/// What is wrong with a packet that begins so (2.1.2, 2.1.3), if anything. `version` is nothing before the
/// first CONNECT.
std::optional<DecodeError> offence_of(std::uint8_t first_byte, Role receiver,
                                      std::optional<Version> version) noexcept;

}  // namespace inboxd::mqtt
