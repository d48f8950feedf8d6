#include "contract/session_fixture.hpp"

#include <limits>
#include <tuple>

#include "store/memory_session_store.hpp"

namespace inboxd {
namespace {

auto parts_of(const QueuedMessage& message) {
  return std::tie(message.key, message.topic, *message.payload, message.qos, message.retain,
                  message.packet_id, message.expires_at, message.properties);
}

auto parts_of(const RetainedMessage& message) {
  return std::tie(message.topic, *message.payload, message.qos, message.stored_at, message.expires_at,
                  message.properties);
}

}  // namespace

bool operator==(const QueuedMessage& left, const QueuedMessage& right) {
  return parts_of(left) == parts_of(right);
}

bool operator==(const RetainedMessage& left, const RetainedMessage& right) {
  return parts_of(left) == parts_of(right);
}

std::ostream& operator<<(std::ostream& out, const QueuedMessage& message) {
  return out << message.key.client_id << " " << message.key.sequence << ": " << message.topic << " "
             << *message.payload;
}

std::ostream& operator<<(std::ostream& out, const RetainedMessage& message) {
  return out << message.topic << " " << *message.payload;
}

}  // namespace inboxd

namespace inboxd::test {
namespace {

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

}  // namespace

SessionContract::SessionContract() {
  if (GetParam() == Adapter::kMemory) {
    memory_ = std::make_unique<store::MemorySessionStore>();
    sessions_ = memory_.get();
    return;
  }
  store::RocksDbOptions options;
  options.directory = directory_.path() / "store";
  options.sync = store::Sync::kNone;
  database_ = open_rocksdb(options, clock_);
  sessions_ = &database_->sessions();
}

std::vector<QueuedMessage> SessionContract::queue_of(const std::string& client_id) {
  return sessions().queue(client_id, 0, kAll, kAll);
}

SessionRow session_of(const std::string& client_id) {
  SessionRow row;
  row.client_id = client_id;
  row.user = "alice";
  row.expiry_seconds = 3600;
  row.subscriptions = {{"apps/tilechat/users/alice/#", 1, 0}};
  return row;
}

QueuedMessage queued_of(const std::string& client_id, std::uint64_t sequence, const std::string& payload) {
  QueuedMessage message;
  message.key = {client_id, sequence};
  message.topic = "t";
  message.payload = std::make_shared<const std::string>(payload);
  return message;
}

RetainedMessage retained_of(const std::string& topic, const std::string& payload) {
  RetainedMessage message;
  message.topic = topic;
  message.payload = std::make_shared<const std::string>(payload);
  return message;
}

SessionContents contents_of(const SessionStore& store, const std::vector<std::string>& client_ids) {
  SessionContents contents;
  contents.sessions = store.sessions({}, kAll);
  contents.retained = store.retained({}, kAll);
  contents.last_sequence = store.last_sequence();
  for (const auto& client_id : client_ids) {
    const auto queued = store.queue(client_id, 0, kAll, kAll);
    const auto packets = store.packets(client_id);
    contents.queued.insert(contents.queued.end(), queued.begin(), queued.end());
    contents.packets.insert(contents.packets.end(), packets.begin(), packets.end());
    contents.sizes.push_back(store.queue_size(client_id));
  }
  return contents;
}

}  // namespace inboxd::test
