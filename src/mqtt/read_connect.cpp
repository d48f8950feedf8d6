#include <string>

#include "mqtt/packet_readers.hpp"
#include "mqtt/properties_codec.hpp"
#include "mqtt/topic.hpp"

namespace inboxd::mqtt {
namespace {

/// Two levels are ours. What comes after another cannot be read, so nothing of it is.
Version read_version(Reader& reader) noexcept {
  const std::string_view name = reader.text();
  const std::uint8_t level = reader.byte();
  if (name != kProtocolName) {
    reader.fail({Reason::kUnsupportedProtocolVersion, "MQTT-3.1.2-1", "another protocol's name"});
  } else if (level != static_cast<std::uint8_t>(Version::k311) &&
             level != static_cast<std::uint8_t>(Version::k5)) {
    reader.fail({Reason::kUnsupportedProtocolVersion, "MQTT-3.1.2-2", "another version of the protocol"});
  }
  return static_cast<Version>(level);
}

unsigned will_qos(unsigned flags) noexcept { return (flags >> connect_flag::kWillQosShift) & 0b11U; }

unsigned read_flags(Reader& reader, Version version) noexcept {
  const unsigned flags = reader.byte();
  const bool will = (flags & connect_flag::kWill) != 0;
  const bool password_alone =
      (flags & connect_flag::kPassword) != 0 && (flags & connect_flag::kUserName) == 0;
  if ((flags & connect_flag::kReserved) != 0) {
    reader.fail({Reason::kMalformedPacket, "MQTT-3.1.2-3", "CONNECT's reserved flag is set"});
  } else if (!is_qos(will_qos(flags))) {
    reader.fail({Reason::kMalformedPacket, "MQTT-3.1.2-12", "a will's QoS of 3"});
  } else if (!will && will_qos(flags) != 0) {
    reader.fail({Reason::kProtocolError, "MQTT-3.1.2-11", "QoS of a will that is not there"});
  } else if (!will && (flags & connect_flag::kWillRetain) != 0) {
    reader.fail({Reason::kProtocolError, "MQTT-3.1.2-13", "retain flag of a will that is not there"});
  } else if (version == Version::k311 && password_alone) {
    reader.fail({Reason::kProtocolError, "v3.1.1 MQTT-3.1.2-22", "a password without a user name"});
  }
  return flags;
}

void read_connect_properties(Reader& reader, Properties& properties) {
  read_properties(reader, Place::kConnect, properties);
  if (properties.authentication_data && !properties.authentication_method) {
    reader.fail({Reason::kProtocolError, "3.1.2.11.10", "authentication data without its method"});
  }
}

void read_will(Reader& reader, unsigned flags, Version version, Will& will) {
  will.qos = static_cast<Qos>(will_qos(flags));
  will.retain = (flags & connect_flag::kWillRetain) != 0;
  if (version == Version::k5) read_properties(reader, Place::kWill, will.properties);
  will.topic = reader.text();
  if (will.topic.empty()) {
    reader.fail({Reason::kProtocolError, "MQTT-4.7.3-1", "a will without a topic"});
  } else if (has_wildcards(will.topic)) {
    reader.fail({Reason::kProtocolError, "MQTT-4.7.0-1", "a will's topic with wildcards"});
  }
  will.payload = reader.binary();
}

}  // namespace

void read(Reader& reader, const FrameContext& /*frame*/, Connect& connect) {
  connect.version = read_version(reader);
  const unsigned flags = read_flags(reader, connect.version);
  connect.clean_start = (flags & connect_flag::kCleanStart) != 0;
  connect.keep_alive_seconds = reader.two_bytes();
  if (connect.version == Version::k5) read_connect_properties(reader, connect.properties);
  connect.client_id = reader.text();
  if ((flags & connect_flag::kWill) != 0) read_will(reader, flags, connect.version, connect.will.emplace());
  if ((flags & connect_flag::kUserName) != 0) connect.user_name = reader.text();
  if ((flags & connect_flag::kPassword) != 0) connect.password = reader.binary();
}

}  // namespace inboxd::mqtt
