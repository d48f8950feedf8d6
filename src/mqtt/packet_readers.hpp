#pragma once

#include "mqtt/decoder.hpp"
#include "mqtt/packet.hpp"
#include "mqtt/reader.hpp"
#include "mqtt/wire.hpp"

/// The packets after their fixed header, read to where they stay, since they are large to move. Each takes
/// what it knows off the reader and leaves the rest there, which the decoder refuses; the packet is of use
/// only where the reader is still ok().
namespace inboxd::mqtt {

struct FrameContext {
  Kind kind = Kind::kConnect;
  unsigned flags = 0;  ///< the low half of the first byte
  Version version = Version::k311;
  Role role = Role::kServer;

  bool is_5() const noexcept { return version == Version::k5; }
};

/// By the version within, whatever the frame says.
void read(Reader& reader, const FrameContext& frame, Connect& connect);
void read(Reader& reader, const FrameContext& frame, Connack& connack);
void read(Reader& reader, const FrameContext& frame, Publish& publish);
void read(Reader& reader, const FrameContext& frame, Acknowledgement& acknowledgement);
void read(Reader& reader, const FrameContext& frame, Subscribe& subscribe);
void read(Reader& reader, const FrameContext& frame, Suback& suback);
void read(Reader& reader, const FrameContext& frame, Unsubscribe& unsubscribe);
void read(Reader& reader, const FrameContext& frame, Unsuback& unsuback);
void read(Reader& reader, const FrameContext& frame, Disconnect& disconnect);
void read(Reader& reader, const FrameContext& frame, Auth& auth);

/// Parts of several packets.
PacketId read_packet_id(Reader& reader) noexcept;
/// One of 5.0 that the kind may carry; `clause` is the statement that says so.
Reason read_reason(Reader& reader, const FrameContext& frame, std::string_view clause) noexcept;
Reason checked_reason(std::uint8_t code, Reader& reader, const FrameContext& frame,
                      std::string_view clause) noexcept;

}  // namespace inboxd::mqtt
