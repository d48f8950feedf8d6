// store_dump DIR TABLE: prints every row of one table of a RocksDB store as a JSON object on a line of its
// own. Reads only, also while an engine has the store open. For tests that must see what is stored, however
// it came there.
#include <functional>
#include <iostream>
#include <map>
#include <stdexcept>

#include "json_line.hpp"
#include "store/rocksdb_handle.hpp"
#include "store/rocksdb_scan.hpp"
#include "store/row_codec.hpp"
#include "store/row_keys.hpp"
#include "store/session_codec.hpp"

namespace inboxd::tools {
namespace {

using store::Column;
using Print = std::function<std::string(std::string_view key, std::string_view value)>;

class FrozenClock final : public Clock {
 public:
  Millis now() const override { return 0; }
  SteadyClock::time_point steady() const override { return {}; }
};

std::vector<std::string_view> parts_of(std::string_view key, std::size_t ids) {
  auto parts = store::split_key(key, ids);
  if (!parts) throw std::runtime_error("a key is malformed");
  return *parts;
}

template <class Row>
Row decoded(std::string_view value) {
  Row row;
  if (!store::decode(value, row)) throw std::runtime_error("a row is malformed");
  return row;
}

std::string members_of(const std::vector<PartyId>& members) {
  std::string list = "[";
  for (const auto& member : members) list += (list.size() == 1 ? "\"" : ",\"") + member.str() + "\"";
  return list + "]";
}

std::string print_message(std::string_view key, std::string_view value) {
  const auto parts = parts_of(key, 1);
  const auto message = decoded<StoredMessage>(value);
  return JsonLine()
      .text("id", parts[1])
      .text("app", parts[0])
      .text("sender", message.sender.view())
      .text("recipient", message.recipient.view())
      .number("timestamp", message.timestamp)
      .raw("body", message.json)
      .str();
}

std::string print_timeline(std::string_view key, std::string_view value) {
  const auto parts = parts_of(key, 3);
  const auto suffix = store::parse_timeline_suffix(parts[3]);
  if (!suffix) throw std::runtime_error("a key is malformed");
  const auto row = decoded<TimelineRow>(value);
  return JsonLine()
      .text("app", parts[0])
      .text("owner", parts[1])
      .text("peer", parts[2])
      .number("timestamp", suffix->timestamp)
      .text("message", suffix->message)
      .number("status", static_cast<int>(row.status))
      .boolean("history", row.history)
      .boolean("silent", row.silent)
      .number("received", row.received)
      .number("seen", row.seen)
      .str();
}

std::string print_conversation(std::string_view key, std::string_view value) {
  const auto parts = parts_of(key, 2);
  const auto row = decoded<ConversationRow>(value);
  return JsonLine()
      .text("app", parts[0])
      .text("owner", parts[1])
      .text("peer", parts[2])
      .number("timestamp", row.timestamp)
      .text("message", row.last_message.view())
      .number("status", static_cast<int>(row.status))
      .boolean("is_new", row.is_new)
      .boolean("archived", row.archived)
      .number("unread", row.unread)
      .raw("patch", row.patch)
      .str();
}

std::string print_dead_letter(std::string_view key, std::string_view value) {
  const auto letter = decoded<DeadLetter>(value);
  return JsonLine()
      .text("id", key)
      .number("at", letter.at)
      .text("reason", letter.reason)
      .text("detail", letter.detail)
      .text("exchange", letter.exchange)
      .text("routing_key", letter.routing_key)
      .text("payload", letter.payload)
      .number("payload_bytes", letter.payload_bytes)
      .str();
}

std::string print_group(std::string_view key, std::string_view value) {
  const auto parts = parts_of(key, 1);
  const auto group = decoded<Group>(value);
  return JsonLine()
      .text("app", parts[0])
      .text("id", parts[1])
      .raw("members", members_of(group.members))
      .raw("body", group.json)
      .str();
}

std::string print_job(std::string_view key, std::string_view value) {
  FanoutJob job;
  if (!store::decode_job_head(value, job)) throw std::runtime_error("a row is malformed");
  return JsonLine()
      .number("sequence", store::parse_sequence(key).value())
      .text("app", job.app.view())
      .text("group", job.group.view())
      .text("message", job.message.view())
      .boolean("update_conversations", job.update_conversations)
      .str();
}

std::string print_fingerprint(std::string_view key, std::string_view value) {
  const auto row = decoded<FingerprintRow>(value);
  return JsonLine()
      .number("sequence", store::parse_sequence(key).value())
      .number("topic_hash", row.fingerprint.topic_hash)
      .number("payload_hash", row.fingerprint.payload_hash)
      .text("app", row.app.view())
      .text("message", row.message.view())
      .str();
}

std::string print_idempotency(std::string_view key, std::string_view value) {
  const auto parts = parts_of(key, 3);
  const auto row = decoded<IdempotencyRow>(value);
  return JsonLine()
      .text("app", parts[0])
      .text("recipient", parts[1])
      .text("temp_uid", parts[2])
      .text("sender", parts[3])
      .text("message", row.message.view())
      .number("expires_at", row.expires_at)
      .str();
}

std::string print_outbox(std::string_view key, std::string_view value) {
  const auto parts = parts_of(key, 1);
  const auto row = decoded<OutboxRow>(value);
  return JsonLine()
      .text("endpoint", parts[0])
      .number("sequence", store::parse_sequence(parts[1]).value())
      .text("ordering_key", row.ordering_key)
      .text("event_id", row.event_id)
      .number("created_at", row.created_at)
      .raw("body", row.body)
      .str();
}

std::string print_arrivals(std::string_view key, std::string_view value) {
  const auto parts = parts_of(key, 2);
  std::vector<ArrivalRow> rows;
  if (!store::decode_arrivals(value, {}, rows)) throw std::runtime_error("a row is malformed");
  std::string lines;
  for (const ArrivalRow& row : rows) {
    if (!lines.empty()) lines += '\n';
    lines += JsonLine()
                 .text("app", parts[0])
                 .text("owner", parts[1])
                 .number("sequence", row.sequence)
                 .text("peer", row.timeline.peer.view())
                 .number("timestamp", row.timestamp)
                 .text("message", row.message.view())
                 .str();
  }
  return lines;
}

std::string print_presence(std::string_view key, std::string_view value) {
  const auto parts = parts_of(key, 2);
  const auto row = decoded<PresenceRow>(value);
  return JsonLine()
      .text("app", parts[0])
      .text("user", parts[1])
      .text("client", parts[2])
      .number("last_seen", row.last_seen)
      .str();
}

std::string print_block(std::string_view key, std::string_view value) {
  const auto parts = parts_of(key, 3);
  const auto row = decoded<BlockRow>(value);
  return JsonLine()
      .text("app", parts[0])
      .text("owner", parts[1])
      .text("user", parts[2])
      .number("at", row.at)
      .str();
}

std::string print_blocker(std::string_view key, std::string_view /*value*/) {
  const auto parts = parts_of(key, 3);
  return JsonLine().text("app", parts[0]).text("user", parts[1]).text("owner", parts[2]).str();
}

std::string print_ban(std::string_view key, std::string_view value) {
  const auto parts = parts_of(key, 2);
  const auto row = decoded<BanRow>(value);
  return JsonLine()
      .text("app", parts[0])
      .text("user", parts[1])
      .text("reason", row.reason)
      .number("at", row.at)
      .raw("until", row.until ? std::to_string(*row.until) : "")
      .str();
}

std::string print_filters(std::string_view key, std::string_view value) {
  const auto parts = parts_of(key, 1);
  const auto document = decoded<FilterDocument>(value);
  return JsonLine()
      .text("app", parts[0])
      .number("updated_at", document.updated_at)
      .raw("body", document.json)
      .str();
}

std::string print_publication(std::string_view key, std::string_view value) {
  const auto parts = parts_of(key, 1);
  const auto row = decoded<PublicationRow>(value);
  return JsonLine()
      .text("client_id", parts[0])
      .number("packet_id", store::parse_packet_id(parts[1]).value())
      .number("topic_hash", row.fingerprint.topic_hash)
      .number("payload_hash", row.fingerprint.payload_hash)
      .text("app", row.app.view())
      .text("message", row.message.view())
      .number("expires_at", row.expires_at)
      .str();
}

std::string subscriptions_of(const SessionRow& row) {
  std::string list = "[";
  for (const auto& subscription : row.subscriptions) {
    if (list.size() > 1) list += ',';
    list += JsonLine()
                .text("filter", subscription.filter)
                .number("options", subscription.options)
                .number("id", subscription.id)
                .str();
  }
  return list + "]";
}

std::string print_session(std::string_view key, std::string_view value) {
  const auto row = decoded<SessionRow>(value);
  return JsonLine()
      .text("client_id", key)
      .text("user", row.user)
      .number("expiry_seconds", row.expiry_seconds)
      .number("ended_at", row.ended_at)
      .raw("subscriptions", subscriptions_of(row))
      .str();
}

std::string print_queued(std::string_view key, std::string_view value) {
  const auto parts = parts_of(key, 1);
  const auto message = decoded<QueuedMessage>(value);
  return JsonLine()
      .text("client_id", parts[0])
      .number("sequence", store::parse_sequence(parts[1]).value())
      .text("topic", message.topic)
      .number("qos", message.qos)
      .boolean("retain", message.retain)
      .number("packet_id", message.packet_id)
      .number("expires_at", message.expires_at)
      .text("properties", message.properties)
      .text("payload", *message.payload)
      .str();
}

std::string print_packet(std::string_view key, std::string_view /*value*/) {
  const auto parts = parts_of(key, 1);
  SessionPacket packet;
  if (!store::parse_packet_suffix(parts[1], packet)) throw std::runtime_error("a key is malformed");
  return JsonLine()
      .text("client_id", parts[0])
      .text("state", packet.state == SessionPacket::State::kReceived ? "received" : "released")
      .number("packet_id", packet.packet_id)
      .str();
}

std::string print_retained(std::string_view key, std::string_view value) {
  const auto message = decoded<RetainedMessage>(value);
  return JsonLine()
      .text("topic", key)
      .number("qos", message.qos)
      .number("stored_at", message.stored_at)
      .number("expires_at", message.expires_at)
      .text("properties", message.properties)
      .text("payload", *message.payload)
      .str();
}

const std::map<std::string_view, std::pair<Column, Print>>& tables() {
  static const std::map<std::string_view, std::pair<Column, Print>> all{
      {"messages", {Column::kMessages, print_message}},
      {"timelines", {Column::kTimelines, print_timeline}},
      {"conversations", {Column::kConversations, print_conversation}},
      {"dead-letters", {Column::kDeadLetters, print_dead_letter}},
      {"groups", {Column::kGroups, print_group}},
      {"jobs", {Column::kJobs, print_job}},
      {"fingerprints", {Column::kFingerprints, print_fingerprint}},
      {"idempotency", {Column::kIdempotency, print_idempotency}},
      {"outbox", {Column::kOutbox, print_outbox}},
      {"arrivals", {Column::kArrivals, print_arrivals}},
      {"presence", {Column::kPresence, print_presence}},
      {"blocks", {Column::kBlocks, print_block}},
      {"blockers", {Column::kBlockers, print_blocker}},
      {"bans", {Column::kBans, print_ban}},
      {"filters", {Column::kFilters, print_filters}},
      {"publications", {Column::kPublications, print_publication}},
      {"sessions", {Column::kSessions, print_session}},
      {"session-queue", {Column::kSessionQueue, print_queued}},
      {"session-packets", {Column::kSessionPackets, print_packet}},
      {"retained", {Column::kRetained, print_retained}},
  };
  return all;
}

void dump(const std::string& directory, Column column, const Print& print) {
  const FrozenClock clock;
  store::RocksDbOptions options;
  options.directory = directory;
  options.read_only = true;
  const auto handle = store::RocksDbHandle::open(options, clock);
  if (!handle) throw StoreError(handle.error());
  store::Scan rows(**handle, column);
  for (rows.to_first(); rows.valid(); rows.next()) std::cout << print(rows.key(), rows.value()) << '\n';
}

int run(int argc, char** argv) {
  const auto table = argc == 3 ? tables().find(argv[2]) : tables().end();
  if (table == tables().end()) {
    std::cerr << "usage: store_dump DIR TABLE, where TABLE is one of:";
    for (const auto& [name, unused] : tables()) std::cerr << ' ' << name;
    std::cerr << '\n';
    return 2;
  }
  dump(argv[1], table->second.first, table->second.second);
  return std::cout.flush() ? 0 : 1;
}

}  // namespace
}  // namespace inboxd::tools

int main(int argc, char** argv) {
  try {
    return inboxd::tools::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "store_dump: " << error.what() << '\n';
    return 1;
  }
}
