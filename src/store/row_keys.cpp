#include "store/row_keys.hpp"

namespace inboxd::store {
namespace {

constexpr std::size_t kIntegerBytes = 8;
constexpr int kSlotBits = 14;  // of milliseconds
constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

template <class... Texts>
void assign_ids(std::string& out, const Texts&... texts) {
  out.clear();
  ((out.append(texts), out.push_back('\0')), ...);
}

void append_packet_id(std::string& out, std::uint16_t id) {
  out.push_back(static_cast<char>(id >> 8));
  out.push_back(static_cast<char>(id & 0xff));
}

void append_big_endian(std::string& out, std::uint64_t value) {
  char bytes[kIntegerBytes];
  for (std::size_t i = 0; i < kIntegerBytes; ++i) {
    bytes[i] = static_cast<char>(value >> (8 * (kIntegerBytes - 1 - i)));
  }
  out.append(bytes, kIntegerBytes);
}

std::uint64_t read_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kIntegerBytes; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// With the sign bit flipped, negative numbers sort before positive ones as unsigned bytes.
std::uint64_t ascending(std::int64_t number) { return static_cast<std::uint64_t>(number) ^ kSignBit; }
std::uint64_t descending(std::int64_t number) { return ~ascending(number); }
std::int64_t from_ascending(std::uint64_t value) { return static_cast<std::int64_t>(value ^ kSignBit); }

}  // namespace

void message_key(std::string& out, const AppId& app, const MessageId& id) {
  assign_ids(out, app.str());
  out.append(id.str());
}

void group_key(std::string& out, const AppId& app, const PartyId& id) {
  assign_ids(out, app.str());
  out.append(id.str());
}

void conversation_key(std::string& out, const TimelineKey& key) {
  assign_ids(out, key.app.str(), key.owner.str());
  out.append(key.peer.str());
}

void idempotency_key(std::string& out, const IdempotencyKey& key) {
  assign_ids(out, key.app.str(), key.recipient.str(), key.temp_uid);
  out.append(key.sender.str());
}

void idempotency_prefix(std::string& out, const AppId& app, const PartyId& recipient,
                        std::string_view temp_uid) {
  assign_ids(out, app.str(), recipient.str(), temp_uid);
}

void owner_prefix(std::string& out, const AppId& app, const PartyId& owner) {
  assign_ids(out, app.str(), owner.str());
}

void arrival_key(std::string& out, const AppId& app, const PartyId& owner, std::uint64_t sequence) {
  owner_prefix(out, app, owner);
  append_big_endian(out, sequence);
}

void presence_key(std::string& out, const PresenceRow& row) {
  owner_prefix(out, row.app, row.user);
  out.append(row.client);
}

void instance_key(std::string& out, const InstanceRow& row) {
  owner_prefix(out, row.app, row.user);
  out.append(row.id);
}

void block_key(std::string& out, const BlockRow& row) {
  assign_ids(out, row.app.str(), row.owner.str(), row.user.str());
}

void blocker_key(std::string& out, const BlockRow& row) {
  assign_ids(out, row.app.str(), row.user.str(), row.owner.str());
}

void app_prefix(std::string& out, const AppId& app) { assign_ids(out, app.str()); }

void ban_key(std::string& out, const AppId& app, const PartyId& user) {
  assign_ids(out, app.str(), user.str());
}

void endpoint_prefix(std::string& out, std::string_view endpoint) { assign_ids(out, endpoint); }

void outbox_key(std::string& out, std::string_view endpoint, std::uint64_t sequence) {
  endpoint_prefix(out, endpoint);
  append_big_endian(out, sequence);
}

void sequence_key(std::string& out, std::uint64_t sequence) {
  out.clear();
  append_big_endian(out, sequence);
}

void session_prefix(std::string& out, std::string_view client_id) { assign_ids(out, client_id); }

void queued_key(std::string& out, std::string_view client_id, std::uint64_t sequence) {
  session_prefix(out, client_id);
  append_big_endian(out, sequence);
}

void packet_key(std::string& out, const SessionPacket& packet) {
  session_prefix(out, packet.client_id);
  out.push_back(static_cast<char>(packet.state));
  append_packet_id(out, packet.packet_id);
}

void publication_key(std::string& out, std::string_view client_id, std::uint16_t packet_id) {
  session_prefix(out, client_id);
  append_packet_id(out, packet_id);
}

void timeline_prefix(std::string& out, const TimelineKey& timeline) {
  assign_ids(out, timeline.app.str(), timeline.owner.str(), timeline.peer.str());
}

void timeline_key(std::string& out, const TimelineKey& timeline, Millis timestamp, const MessageId& message) {
  timeline_prefix(out, timeline);
  append_big_endian(out, ascending(timestamp));
  out.append(message.str());
}

OrderPlace place_of(Millis timestamp, bool archived) noexcept { return {archived, timestamp >> kSlotBits}; }

void order_prefix(std::string& out, const AppId& app, const PartyId& owner, bool archived) {
  assign_ids(out, app.str(), owner.str());
  out.push_back(archived ? '\1' : '\0');
}

void order_key(std::string& out, const TimelineKey& key, OrderPlace place) {
  order_prefix(out, key.app, key.owner, place.archived);
  append_big_endian(out, descending(place.slot));
  out.append(key.peer.str());
}

std::string after_prefix(std::string prefix) {
  ++prefix.back();
  return prefix;
}

std::optional<TimelineSuffix> parse_timeline_suffix(std::string_view suffix) {
  if (suffix.size() < kIntegerBytes) return std::nullopt;
  return TimelineSuffix{from_ascending(read_big_endian(suffix)), suffix.substr(kIntegerBytes)};
}

std::optional<OrderSuffix> parse_order_suffix(std::string_view suffix) {
  if (suffix.size() < kIntegerBytes) return std::nullopt;
  return OrderSuffix{from_ascending(~read_big_endian(suffix)), suffix.substr(kIntegerBytes)};
}

std::optional<std::uint64_t> parse_sequence(std::string_view key) {
  if (key.size() != kIntegerBytes) return std::nullopt;
  return read_big_endian(key);
}

std::optional<std::uint16_t> parse_packet_id(std::string_view key) {
  if (key.size() != 2) return std::nullopt;
  const auto high = static_cast<unsigned char>(key[0]);
  return static_cast<std::uint16_t>(high << 8 | static_cast<unsigned char>(key[1]));
}

bool parse_packet_suffix(std::string_view suffix, SessionPacket& packet) {
  if (suffix.empty() || suffix[0] < 0 || suffix[0] > static_cast<char>(SessionPacket::State::kReleased))
    return false;
  const auto id = parse_packet_id(suffix.substr(1));
  if (!id) return false;
  packet.state = static_cast<SessionPacket::State>(suffix[0]);
  packet.packet_id = *id;
  return true;
}

std::optional<std::vector<std::string_view>> split_key(std::string_view key, std::size_t count) {
  std::vector<std::string_view> parts;
  for (std::size_t i = 0; i < count; ++i) {
    const auto end = key.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    parts.push_back(key.substr(0, end));
    key.remove_prefix(end + 1);
  }
  parts.push_back(key);
  return parts;
}

}  // namespace inboxd::store
