#pragma once

#include "mqtt/decoder.hpp"
#include "mqtt/packet.hpp"
#include "mqtt/reader.hpp"
#include "mqtt/wire.hpp"

/// The packets after their fixed header. Each takes what it knows off the reader and leaves the rest there,
/// which the decoder refuses; what it returns is of use only where the reader is still ok().
namespace inboxd::mqtt {

struct FrameContext {
  Kind kind = Kind::kConnect;
  unsigned flags = 0;  ///< the low half of the first byte
  Version version = Version::k311;
  Role role = Role::kServer;

  bool is_5() const noexcept { return version == Version::k5; }
};

/// By the version within.
Connect read_connect(Reader& reader);
Connack read_connack(Reader& reader, const FrameContext& frame);
Publish read_publish(Reader& reader, const FrameContext& frame);
Acknowledgement read_acknowledgement(Reader& reader, const FrameContext& frame);
Subscribe read_subscribe(Reader& reader, const FrameContext& frame);
Suback read_suback(Reader& reader, const FrameContext& frame);
Unsubscribe read_unsubscribe(Reader& reader, const FrameContext& frame);
Unsuback read_unsuback(Reader& reader, const FrameContext& frame);
Disconnect read_disconnect(Reader& reader, const FrameContext& frame);
Auth read_auth(Reader& reader, const FrameContext& frame);

/// Parts of several packets.
PacketId read_packet_id(Reader& reader) noexcept;
/// One of 5.0 that the kind may carry; `clause` is the statement that says so.
Reason read_reason(Reader& reader, const FrameContext& frame, std::string_view clause) noexcept;
Reason checked_reason(std::uint8_t code, Reader& reader, const FrameContext& frame,
                      std::string_view clause) noexcept;

}  // namespace inboxd::mqtt
