#include "mqtt/packet_readers.hpp"
#include "mqtt/properties_codec.hpp"
#include "mqtt/reason_codes.hpp"

/// CONNACK, DISCONNECT and AUTH: what is said of the connection itself.
namespace inboxd::mqtt {
namespace {

Reason read_connack_code(Reader& reader, const FrameContext& frame) noexcept {
  if (frame.is_5()) return read_reason(reader, frame, "MQTT-3.2.2-8");
  const auto reason = reason_of_connack_311(reader.byte());
  if (!reason) reader.fail({Reason::kProtocolError, "v3.1.1 3.2.2.3", "a reserved return code"});
  return reason.value_or(Reason::kUnspecifiedError);
}

/// What one side alone may say (MQTT-3.14.2-2, 3.14.2.2.5).
void check_direction(const Properties& properties, Reader& reader, Role receiver) noexcept {
  if (receiver == Role::kClient && properties.session_expiry_seconds) {
    reader.fail({Reason::kProtocolError, "MQTT-3.14.2-2", "a server's DISCONNECT with a session expiry"});
  }
  if (receiver == Role::kServer && properties.server_reference) {
    reader.fail({Reason::kProtocolError, "3.14.2.2.5", "a client's DISCONNECT with a server reference"});
  }
}

}  // namespace

void read(Reader& reader, const FrameContext& frame, Connack& connack) {
  const std::uint8_t flags = reader.byte();
  if (flags > 1) reader.fail({Reason::kMalformedPacket, "MQTT-3.2.2-1", "CONNACK's reserved flags are set"});
  connack.session_present = flags == 1;
  connack.reason = read_connack_code(reader, frame);
  if (connack.session_present && connack.reason != Reason::kSuccess) {
    reader.fail({Reason::kProtocolError, "MQTT-3.2.2-6", "a session without a connection"});
  }
  if (frame.is_5()) read_properties(reader, Place::kConnack, connack.properties);
}

void read(Reader& reader, const FrameContext& frame, Disconnect& disconnect) {
  if (!frame.is_5()) return;
  // 3.14.2.1: without a reason it is normal; without properties their length may be left out.
  if (!reader.empty()) disconnect.reason = read_reason(reader, frame, "MQTT-3.14.2-1");
  if (!reader.empty()) read_properties(reader, Place::kDisconnect, disconnect.properties);
  check_direction(disconnect.properties, reader, frame.role);
}

void read(Reader& reader, const FrameContext& frame, Auth& auth) {
  if (reader.empty()) {
    // 3.15.2.1: a success without properties, although 3.15.2.2.2 asks for a method.
    auth.reason = checked_reason(static_cast<std::uint8_t>(Reason::kSuccess), reader, frame, "MQTT-3.15.2-1");
    return;
  }
  auth.reason = read_reason(reader, frame, "MQTT-3.15.2-1");
  read_properties(reader, Place::kAuth, auth.properties);
  const bool short_form = auth == Auth{};
  if (!short_form && !auth.properties.authentication_method) {
    reader.fail({Reason::kProtocolError, "3.15.2.2.2", "an AUTH without its method"});
  }
}

}  // namespace inboxd::mqtt
