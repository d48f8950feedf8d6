#pragma once

#include <cstdint>
#include <optional>

#include "mqtt/decoder.hpp"
#include "mqtt/wire.hpp"

namespace inboxd::mqtt {

/// Whether a packet of 5.0 of that kind, on its way to `receiver`, may carry the reason (table 2-6 and the
/// tables of the packets).
bool may_carry(Kind kind, Reason reason, Role receiver) noexcept;

/// CONNACK's return code in 3.1.1 (its table 3.1): the one that says most of the reason.
std::uint8_t connack_code_311(Reason reason) noexcept;
/// Nothing for codes that are reserved.
std::optional<Reason> reason_of_connack_311(std::uint8_t code) noexcept;

/// SUBACK's in 3.1.1, which has one code for all failures (MQTT-3.9.3-2).
std::uint8_t suback_code_311(Reason reason) noexcept;
bool is_suback_code_311(std::uint8_t code) noexcept;

}  // namespace inboxd::mqtt
