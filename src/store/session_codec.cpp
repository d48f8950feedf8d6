#include "store/session_codec.hpp"

#include "store/wire.hpp"

namespace inboxd::store {
namespace {

constexpr std::uint8_t kHighestQos = 2;
constexpr std::uint8_t kQosBits = 3;
constexpr std::uint8_t kRetain = 4;
constexpr std::uint8_t kHasWill = 1;
constexpr std::uint8_t kSaidGoodbye = 2;

/// The rest of the value.
std::shared_ptr<const std::string> read_payload(WireReader& reader) {
  return std::make_shared<const std::string>(reader.remainder());
}

void check_qos(WireReader& reader, std::uint8_t qos) {
  if (qos > kHighestQos) reader.spoil();
}

void put_will(std::string& out, const SessionWill& will) {
  out.push_back(static_cast<char>(will.qos | (will.retain ? kRetain : 0)));
  put_varint(out, will.delay_seconds);
  put_signed(out, will.due);
  put_text(out, will.topic);
  put_text(out, will.payload);
  put_text(out, will.properties);
}

SessionWill read_will(WireReader& reader) {
  SessionWill will;
  const auto flags = reader.byte();
  will.qos = flags & kQosBits;
  will.retain = (flags & kRetain) != 0;
  check_qos(reader, will.qos);
  will.delay_seconds = static_cast<std::uint32_t>(reader.varint());
  will.due = reader.signed_varint();
  will.topic = reader.text();
  will.payload = reader.text();
  will.properties = reader.text();
  return will;
}

}  // namespace

void encode(std::string& out, const SessionRow& row) {
  out.clear();
  put_text(out, row.user);
  put_varint(out, row.expiry_seconds);
  put_signed(out, row.ended_at);
  out.push_back(static_cast<char>((row.will ? kHasWill : 0) | (row.said_goodbye ? kSaidGoodbye : 0)));
  if (row.will) put_will(out, *row.will);
  for (const auto& subscription : row.subscriptions) {
    put_text(out, subscription.filter);
    out.push_back(static_cast<char>(subscription.options));
    put_varint(out, subscription.id);
  }
}

bool decode(std::string_view value, SessionRow& row) {
  WireReader reader(value);
  row.user = reader.text();
  row.expiry_seconds = static_cast<std::uint32_t>(reader.varint());
  row.ended_at = reader.signed_varint();
  row.will.reset();
  const auto flags = reader.byte();
  row.said_goodbye = (flags & kSaidGoodbye) != 0;
  if ((flags & kHasWill) != 0) row.will = read_will(reader);
  row.subscriptions.clear();
  while (reader.ok() && !reader.done()) {
    auto& subscription = row.subscriptions.emplace_back();
    subscription.filter = reader.text();
    subscription.options = reader.byte();
    subscription.id = static_cast<std::uint32_t>(reader.varint());
  }
  return reader.done();
}

void encode_head(std::string& out, const QueuedMessage& message) {
  out.clear();
  out.push_back(static_cast<char>(message.qos | (message.retain ? kRetain : 0)));
  put_varint(out, message.packet_id);
  put_signed(out, message.expires_at);
  put_text(out, message.topic);
  put_text(out, message.properties);
}

bool decode(std::string_view value, QueuedMessage& message) {
  WireReader reader(value);
  const auto flags = reader.byte();
  message.qos = flags & kQosBits;
  message.retain = (flags & kRetain) != 0;
  message.packet_id = static_cast<std::uint16_t>(reader.varint());
  message.expires_at = reader.signed_varint();
  message.topic = reader.text();
  message.properties = reader.text();
  check_qos(reader, message.qos);
  message.payload = read_payload(reader);
  return reader.done();
}

std::optional<std::uint64_t> decode_bytes(std::string_view value) {
  WireReader reader(value);
  reader.byte();
  reader.varint();
  reader.signed_varint();
  const auto topic = reader.text();
  const auto properties = reader.text();
  if (!reader.ok()) return std::nullopt;
  return topic.size() + properties.size() + reader.left();
}

void encode_head(std::string& out, const RetainedMessage& message) {
  out.clear();
  out.push_back(static_cast<char>(message.qos));
  put_signed(out, message.stored_at);
  put_signed(out, message.expires_at);
  put_text(out, message.properties);
}

bool decode(std::string_view value, RetainedMessage& message) {
  WireReader reader(value);
  message.qos = reader.byte();
  message.stored_at = reader.signed_varint();
  message.expires_at = reader.signed_varint();
  message.properties = reader.text();
  check_qos(reader, message.qos);
  message.payload = read_payload(reader);
  return reader.done();
}

}  // namespace inboxd::store
