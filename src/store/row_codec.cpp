#include "store/row_codec.hpp"

#include "store/wire.hpp"

namespace inboxd::store {
namespace {

enum MessageFlag : std::uint8_t { kDeferredFanout = 1, kGroup = 2, kShadowed = 4 };
enum RowFlag : std::uint8_t { kHistory = 1, kSilent = 2, kHasReceipts = 4 };
enum ConversationFlag : std::uint8_t { kIsNew = 1, kArchived = 2 };
enum BanFlag : std::uint8_t { kEnds = 1 };
enum JobFlag : std::uint8_t { kUpdateConversations = 1 };

constexpr char flag(bool set, std::uint8_t bit) { return static_cast<char>(set ? bit : 0); }

template <class IdType>
IdType read_id(WireReader& reader) {
  return IdType(std::string(reader.text()));
}

void put_members(std::string& out, const std::vector<PartyId>& members) {
  put_varint(out, members.size());
  for (const auto& member : members) put_text(out, member.view());
}

std::vector<PartyId> read_members(WireReader& reader) {
  const std::uint64_t count = reader.varint();
  std::vector<PartyId> members;
  // Each member takes a byte at least, so a damaged count cannot ask for more memory than the value has
  // bytes.
  if (count > reader.left()) {
    reader.spoil();
    return members;
  }
  members.reserve(count);
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) members.push_back(read_id<PartyId>(reader));
  return members;
}

Status read_status(WireReader& reader) { return static_cast<Status>(reader.signed_varint()); }

}  // namespace

void encode_message_head(std::string& out, const StoredMessage& message) {
  out.clear();
  out.push_back(static_cast<char>(flag(message.deferred_fanout, kDeferredFanout) |
                                  flag(message.group, kGroup) | flag(message.shadowed, kShadowed)));
  put_signed(out, message.timestamp);
  put_text(out, message.sender.view());
  put_text(out, message.recipient.view());
}

bool decode(std::string_view value, StoredMessage& message) {
  WireReader reader(value);
  const auto flags = reader.byte();
  message.deferred_fanout = (flags & kDeferredFanout) != 0;
  message.group = (flags & kGroup) != 0;
  message.shadowed = (flags & kShadowed) != 0;
  message.timestamp = reader.signed_varint();
  message.sender = read_id<PartyId>(reader);
  message.recipient = read_id<PartyId>(reader);
  message.json = reader.remainder();
  return reader.done();
}

void encode(std::string& out, const TimelineRow& row) {
  out.clear();
  const bool has_receipts = row.received != 0 || row.seen != 0;
  out.push_back(static_cast<char>(flag(row.history, kHistory) | flag(row.silent, kSilent) |
                                  flag(has_receipts, kHasReceipts)));
  put_signed(out, static_cast<int>(row.status));
  if (!has_receipts) return;
  put_varint(out, row.received);
  put_varint(out, row.seen);
}

bool decode(std::string_view value, TimelineRow& row) {
  WireReader reader(value);
  const auto flags = reader.byte();
  row.history = (flags & kHistory) != 0;
  row.silent = (flags & kSilent) != 0;
  row.status = read_status(reader);
  if ((flags & kHasReceipts) != 0) {
    row.received = static_cast<std::uint32_t>(reader.varint());
    row.seen = static_cast<std::uint32_t>(reader.varint());
  }
  return reader.done();
}

void encode(std::string& out, const ConversationRow& row) {
  out.clear();
  out.push_back(static_cast<char>(flag(row.is_new, kIsNew) | flag(row.archived, kArchived)));
  put_signed(out, row.timestamp);
  put_signed(out, static_cast<int>(row.status));
  put_text(out, row.last_message.view());
  put_varint(out, row.unread);
  out.append(row.patch);
}

bool decode(std::string_view value, ConversationRow& row) {
  WireReader reader(value);
  const auto flags = reader.byte();
  row.is_new = (flags & kIsNew) != 0;
  row.archived = (flags & kArchived) != 0;
  row.timestamp = reader.signed_varint();
  row.status = read_status(reader);
  row.last_message = read_id<MessageId>(reader);
  row.unread = reader.varint();
  row.patch = reader.remainder();
  return reader.done();
}

std::optional<OrderPlace> decode_place(std::string_view value) {
  WireReader reader(value);
  const bool archived = (reader.byte() & kArchived) != 0;
  const Millis timestamp = reader.signed_varint();
  if (!reader.ok()) return std::nullopt;
  return place_of(timestamp, archived);
}

void encode(std::string& out, const Group& group) {
  out.clear();
  put_members(out, group.members);
  out.append(group.json);
}

bool decode(std::string_view value, Group& group) {
  WireReader reader(value);
  group.members = read_members(reader);
  group.json = reader.remainder();
  return reader.done();
}

void encode(std::string& out, const IdempotencyRow& row) {
  out.clear();
  put_signed(out, row.expires_at);
  out.append(row.message.view());
}

bool decode(std::string_view value, IdempotencyRow& row) {
  WireReader reader(value);
  row.expires_at = reader.signed_varint();
  row.message = MessageId(std::string(reader.remainder()));
  return reader.done();
}

std::optional<Millis> decode_expiry(std::string_view value) {
  WireReader reader(value);
  const Millis expires_at = reader.signed_varint();
  if (!reader.ok()) return std::nullopt;
  return expires_at;
}

void encode(std::string& out, const FingerprintRow& row) {
  out.clear();
  put_varint(out, row.fingerprint.topic_hash);
  put_varint(out, row.fingerprint.payload_hash);
  put_text(out, row.app.view());
  out.append(row.message.view());
}

bool decode(std::string_view value, FingerprintRow& row) {
  WireReader reader(value);
  row.fingerprint.topic_hash = reader.varint();
  row.fingerprint.payload_hash = reader.varint();
  row.app = read_id<AppId>(reader);
  row.message = MessageId(std::string(reader.remainder()));
  return reader.done();
}

void encode(std::string& out, const PublicationRow& row) {
  out.clear();
  put_signed(out, row.expires_at);
  put_varint(out, row.fingerprint.topic_hash);
  put_varint(out, row.fingerprint.payload_hash);
  put_text(out, row.app.view());
  out.append(row.message.view());
}

bool decode(std::string_view value, PublicationRow& row) {
  WireReader reader(value);
  row.expires_at = reader.signed_varint();
  row.fingerprint.topic_hash = reader.varint();
  row.fingerprint.payload_hash = reader.varint();
  row.app = read_id<AppId>(reader);
  row.message = MessageId(std::string(reader.remainder()));
  return reader.done();
}

void encode(std::string& out, const DeadLetter& letter) {
  out.clear();
  put_signed(out, letter.at);
  put_varint(out, letter.payload_bytes);
  put_text(out, letter.reason);
  put_text(out, letter.detail);
  put_text(out, letter.exchange);
  put_text(out, letter.routing_key);
  out.append(letter.payload);
}

bool decode(std::string_view value, DeadLetter& letter) {
  WireReader reader(value);
  letter.at = reader.signed_varint();
  letter.payload_bytes = reader.varint();
  letter.reason = reader.text();
  letter.detail = reader.text();
  letter.exchange = reader.text();
  letter.routing_key = reader.text();
  letter.payload = reader.remainder();
  return reader.done();
}

void encode(std::string& out, const OutboxRow& row) {
  out.clear();
  put_signed(out, row.created_at);
  put_text(out, row.ordering_key);
  put_text(out, row.event_id);
  out.append(row.body);
}

bool decode(std::string_view value, OutboxRow& row) {
  WireReader reader(value);
  row.created_at = reader.signed_varint();
  row.ordering_key = reader.text();
  row.event_id = reader.text();
  row.body = reader.remainder();
  return reader.done();
}

void encode(std::string& out, const UndeliveredEvent& event) {
  encode(out, event.row);
  std::string head;
  put_signed(head, event.at);
  put_varint(head, event.attempts);
  put_text(head, event.reason);
  put_text(head, event.row.endpoint);
  out.insert(0, head);
}

bool decode(std::string_view value, UndeliveredEvent& event) {
  WireReader reader(value);
  event.at = reader.signed_varint();
  event.attempts = static_cast<std::uint32_t>(reader.varint());
  event.reason = reader.text();
  event.row.endpoint = reader.text();
  const std::string_view row = reader.remainder();
  return reader.done() && decode(row, event.row);
}

void append_arrival(std::string& out, std::uint64_t previous, const ArrivalRow& row) {
  put_varint(out, row.sequence - previous);
  put_signed(out, row.timestamp);
  put_text(out, row.timeline.peer.view());
  put_text(out, row.message.view());
}

bool decode_arrivals(std::string_view value, const TimelineKey& timeline, std::vector<ArrivalRow>& rows) {
  WireReader reader(value);
  std::uint64_t sequence = 0;
  while (reader.ok() && !reader.done()) {
    ArrivalRow& row = rows.emplace_back();
    row.sequence = sequence += reader.varint();
    row.timeline = timeline;
    row.timestamp = reader.signed_varint();
    row.timeline.peer = read_id<PartyId>(reader);
    row.message = read_id<MessageId>(reader);
  }
  return reader.ok();
}

void encode(std::string& out, const PresenceRow& row) {
  out.clear();
  put_signed(out, row.last_seen);
}

bool decode(std::string_view value, PresenceRow& row) {
  WireReader reader(value);
  row.last_seen = reader.signed_varint();
  return reader.done();
}

void encode(std::string& out, const InstanceRow& row) {
  out.clear();
  put_signed(out, row.updated_at);
  out.append(row.json);
}

bool decode(std::string_view value, InstanceRow& row) {
  WireReader reader(value);
  row.updated_at = reader.signed_varint();
  row.json = reader.remainder();
  return reader.done();
}

void encode(std::string& out, const BlockRow& row) {
  out.clear();
  put_signed(out, row.at);
}

bool decode(std::string_view value, BlockRow& row) {
  WireReader reader(value);
  row.at = reader.signed_varint();
  return reader.done();
}

void encode(std::string& out, const BanRow& row) {
  out.clear();
  out.push_back(flag(row.until.has_value(), kEnds));
  put_signed(out, row.at);
  if (row.until) put_signed(out, *row.until);
  out.append(row.reason);
}

bool decode(std::string_view value, BanRow& row) {
  WireReader reader(value);
  const bool ends = (reader.byte() & kEnds) != 0;
  row.at = reader.signed_varint();
  row.until.reset();
  if (ends) row.until = reader.signed_varint();
  row.reason = reader.remainder();
  return reader.done();
}

void encode(std::string& out, const FilterDocument& document) {
  out.clear();
  put_signed(out, document.updated_at);
  out.append(document.json);
}

bool decode(std::string_view value, FilterDocument& document) {
  WireReader reader(value);
  document.updated_at = reader.signed_varint();
  document.json = reader.remainder();
  return reader.done();
}

void encode_job_head(std::string& out, const FanoutJob& job) {
  out.clear();
  out.push_back(flag(job.update_conversations, kUpdateConversations));
  put_text(out, job.app.view());
  put_text(out, job.group.view());
  put_text(out, job.message.view());
}

bool decode_job_head(std::string_view value, FanoutJob& job) {
  WireReader reader(value);
  job.update_conversations = (reader.byte() & kUpdateConversations) != 0;
  job.app = read_id<AppId>(reader);
  job.group = read_id<PartyId>(reader);
  job.message = read_id<MessageId>(reader);
  return reader.done();
}

void encode_job_bulk(std::string& out, const FanoutJob& job) {
  out.clear();
  put_members(out, job.members);
  out.append(job.notice);
}

bool decode_job_bulk(std::string_view value, FanoutJob& job) {
  WireReader reader(value);
  job.members = read_members(reader);
  job.notice = reader.remainder();
  return reader.done();
}

void encode(std::string& out, const FanoutProgress& progress) {
  out.clear();
  put_varint(out, progress.done);
}

bool decode(std::string_view value, FanoutProgress& progress) {
  WireReader reader(value);
  progress.done = reader.varint();
  return reader.done();
}

}  // namespace inboxd::store
