#include "mqtt/decoder.hpp"

#include <utility>

#include "mqtt/fixed_header.hpp"
#include "mqtt/packet_readers.hpp"
#include "mqtt/reader.hpp"
#include "mqtt/wire.hpp"

namespace inboxd::mqtt {
namespace {

constexpr DecodeError kLongLength = {Reason::kMalformedPacket, "2.1.4",
                                     "a remaining length of more than four bytes"};
constexpr DecodeError kWideLength = {Reason::kMalformedPacket, "MQTT-1.5.5-1",
                                     "a remaining length longer than it need be"};

/// The clause is that of the receiver's sender.
DecodeError too_large(Role receiver) noexcept {
  const std::string_view clause = receiver == Role::kServer ? "MQTT-3.2.2-15" : "MQTT-3.1.2-24";
  return {Reason::kPacketTooLarge, clause, "a packet larger than is taken"};
}

std::optional<Varint> remaining_length(std::string_view frame) noexcept {
  return read_varint(frame.substr(1, kMaxVarintBytes));
}

void read_packet(Reader& reader, const FrameContext& frame, Packet& packet) {
  switch (frame.kind) {
    case Kind::kConnect:
      return read(reader, frame, packet.emplace<Connect>());
    case Kind::kConnack:
      return read(reader, frame, packet.emplace<Connack>());
    case Kind::kPublish:
      return read(reader, frame, packet.emplace<Publish>());
    case Kind::kPuback:
    case Kind::kPubrec:
    case Kind::kPubrel:
    case Kind::kPubcomp:
      return read(reader, frame, packet.emplace<Acknowledgement>());
    case Kind::kSubscribe:
      return read(reader, frame, packet.emplace<Subscribe>());
    case Kind::kSuback:
      return read(reader, frame, packet.emplace<Suback>());
    case Kind::kUnsubscribe:
      return read(reader, frame, packet.emplace<Unsubscribe>());
    case Kind::kUnsuback:
      return read(reader, frame, packet.emplace<Unsuback>());
    case Kind::kDisconnect:
      return read(reader, frame, packet.emplace<Disconnect>());
    case Kind::kAuth:
      return read(reader, frame, packet.emplace<Auth>());
    case Kind::kPingresp:
      packet.emplace<Pingresp>();
      break;
    case Kind::kPingreq:
      packet.emplace<Pingreq>();
      break;
  }
}

}  // namespace

Result<std::optional<Packet>, DecodeError> Decoder::next(std::string_view& bytes) {
  if (!partial_.empty()) return resume(bytes);
  const auto size = frame_size(bytes);
  if (!size) return Failure<DecodeError>(size.error());
  if (!*size || **size > bytes.size()) {
    partial_.assign(std::exchange(bytes, {}));
    return std::nullopt;
  }
  const std::string_view frame = bytes.substr(0, **size);
  bytes.remove_prefix(frame.size());
  return decode(frame);
}

/// Takes no more than the frame lacks, and holds no more than has come, whatever length was announced.
Result<std::optional<Packet>, DecodeError> Decoder::resume(std::string_view& bytes) {
  for (;;) {
    const auto size = frame_size(partial_);
    if (!size) return Failure<DecodeError>(size.error());
    if (*size == partial_.size()) {
      // A swap, since assigning an empty string would keep the memory.
      std::string frame;
      frame.swap(partial_);
      return decode(frame);
    }
    if (bytes.empty()) return std::nullopt;
    const std::size_t missing = *size ? **size - partial_.size() : 1;
    const std::string_view piece = bytes.substr(0, missing);
    partial_.append(piece);
    bytes.remove_prefix(piece.size());
  }
}

/// Of the frame that `bytes` begins, the fixed header included; nothing where its length is yet to come.
Result<std::optional<std::size_t>, DecodeError> Decoder::frame_size(std::string_view bytes) const {
  if (bytes.empty()) return std::nullopt;
  if (const auto offence = offence_of(static_cast<std::uint8_t>(bytes.front()), role_, version_)) {
    return Failure<DecodeError>(*offence);
  }
  const auto length = remaining_length(bytes);
  if (!length) return Failure<DecodeError>(kLongLength);
  if (length->bytes == 0) return std::nullopt;
  if (version_ == Version::k5 && !length->shortest) return Failure<DecodeError>(kWideLength);
  const std::size_t size = 1 + length->bytes + length->value;
  if (size > max_packet_bytes_) return Failure<DecodeError>(too_large(role_));
  return size;
}

/// `frame` is whole and has a header that frame_size() takes. What is returned is built where it is returned
/// to.
Result<std::optional<Packet>, DecodeError> Decoder::decode(std::string_view frame) {
  Result<std::optional<Packet>, DecodeError> result(tl::in_place, Pingreq{});
  Packet& packet = **result;
  const Varint length = remaining_length(frame).value_or(Varint{});
  const auto first = static_cast<std::uint8_t>(frame.front());
  Reader reader(frame.substr(1 + length.bytes));
  read_packet(reader, {kind_of(first), flags_of(first), version_.value_or(Version::k311), role_}, packet);
  if (!reader.empty()) reader.fail({Reason::kMalformedPacket, "2.1.4", "bytes after the end of the packet"});
  if (const auto* connect = std::get_if<Connect>(&packet)) {
    // What the header could not be held to before the version was known.
    if (connect->version == Version::k5 && !length.shortest) reader.fail(kWideLength);
    version_ = connect->version;
  }
  if (!reader.ok()) result = Failure<DecodeError>(reader.error());
  return result;
}

}  // namespace inboxd::mqtt
