#include "mqtt/fixed_header.hpp"

#include "mqtt/reader.hpp"

namespace inboxd::mqtt {
namespace {

/// Table 2-1, "direction of flow"; 3.1.1's servers send no DISCONNECT.
bool goes_to(Role receiver, Kind kind, Version version) noexcept {
  switch (kind) {
    case Kind::kConnect:
    case Kind::kSubscribe:
    case Kind::kUnsubscribe:
    case Kind::kPingreq:
      return receiver == Role::kServer;
    case Kind::kConnack:
    case Kind::kSuback:
    case Kind::kUnsuback:
    case Kind::kPingresp:
      return receiver == Role::kClient;
    case Kind::kDisconnect:
      return receiver == Role::kServer || version == Version::k5;
    default:
      return true;
  }
}

/// Which statement says what a kind's reserved flags must be.
std::string_view flags_clause(Kind kind) noexcept {
  switch (kind) {
    case Kind::kPubrel:
      return "MQTT-3.6.1-1";
    case Kind::kSubscribe:
      return "MQTT-3.8.1-1";
    case Kind::kUnsubscribe:
      return "MQTT-3.10.1-1";
    case Kind::kDisconnect:
      return "MQTT-3.14.1-1";
    case Kind::kAuth:
      return "MQTT-3.15.1-1";
    default:
      return "MQTT-2.1.3-1";
  }
}

std::optional<DecodeError> offence_of_publish(unsigned flags) noexcept {
  const unsigned qos = (flags >> kQosShift) & 0b11U;
  if (!is_qos(qos)) return DecodeError{Reason::kMalformedPacket, "MQTT-3.3.1-4", "a QoS of 3"};
  if (qos == 0 && (flags & kDupFlag) != 0) {
    return DecodeError{Reason::kMalformedPacket, "MQTT-3.3.1-2", "a duplicate of QoS 0"};
  }
  return std::nullopt;
}

bool is_reserved(Kind kind, Version version) noexcept {
  return kind == Kind{} || (kind == Kind::kAuth && version == Version::k311);
}

}  // namespace

std::optional<DecodeError> offence_of(std::uint8_t first_byte, Role receiver,
                                      std::optional<Version> version) noexcept {
  const Kind kind = kind_of(first_byte);
  if (receiver == Role::kServer && !version && kind != Kind::kConnect) {
    return DecodeError{Reason::kProtocolError, "MQTT-3.1.0-1", "something else before CONNECT"};
  }
  const Version spoken = version.value_or(Version::k311);
  if (is_reserved(kind, spoken)) {
    return DecodeError{Reason::kMalformedPacket, "2.1.2", "a reserved packet type"};
  }
  if (!goes_to(receiver, kind, spoken)) {
    return DecodeError{Reason::kProtocolError, "2.1.2", "a packet that goes the other way"};
  }
  if (kind == Kind::kPublish) return offence_of_publish(flags_of(first_byte));
  if (flags_of(first_byte) != fixed_flags(kind)) {
    return DecodeError{Reason::kMalformedPacket, flags_clause(kind),
                       "reserved flags are not as they must be"};
  }
  return std::nullopt;
}

}  // namespace inboxd::mqtt
