#include "contract/store_fixture.hpp"

#include "store/memory_store.hpp"

namespace inboxd::test {

void StoreContract::open(store::DeadLetterBounds bounds) {
  store_.reset();
  if (GetParam() == Adapter::kMemory) {
    store_ = std::make_unique<store::MemoryStore>(bounds);
    return;
  }
  directory_.emplace();
  store::RocksDbOptions options;
  options.directory = directory_->path();
  options.sync = store::Sync::kNone;
  options.max_dead_letters = bounds.max_count;
  options.max_dead_letter_bytes = bounds.max_bytes;
  store_ = open_rocksdb(options, clock_);
}

std::string name_of(const testing::TestParamInfo<Adapter>& info) {
  return info.param == Adapter::kMemory ? "Memory" : "RocksDb";
}

std::unique_ptr<store::RocksDbStore> open_rocksdb(const store::RocksDbOptions& options, Clock& clock) {
  auto opened = store::RocksDbStore::open(options, clock);
  if (!opened) throw StoreError(opened.error());
  return std::move(*opened);
}

TimelineKey timeline_of(const std::string& owner, const std::string& peer) {
  return {test_app, PartyId(owner), PartyId(peer)};
}

StoredMessage message_of(const std::string& id, Millis timestamp) {
  StoredMessage message;
  message.id = MessageId(id);
  message.app = test_app;
  message.sender = PartyId("alice");
  message.recipient = PartyId("bob");
  message.timestamp = timestamp;
  message.json = R"({"text":")" + id + R"("})";
  return message;
}

TimelineRow row_of(const TimelineKey& timeline, Millis timestamp, const std::string& message) {
  TimelineRow row;
  row.timeline = timeline;
  row.timestamp = timestamp;
  row.message = MessageId(message);
  return row;
}

ConversationRow conversation_of(const TimelineKey& key, Millis timestamp, const std::string& message) {
  ConversationRow row;
  row.key = key;
  row.timestamp = timestamp;
  row.last_message = MessageId(message);
  return row;
}

DeadLetter dead_letter_of(const std::string& id, const std::string& payload) {
  DeadLetter letter;
  letter.id = id;
  letter.at = 1000;
  letter.reason = "bad_json";
  letter.payload = payload;
  letter.payload_bytes = payload.size();
  return letter;
}

void commit_bodies(Store& store, const std::vector<std::string>& ids) {
  Commit commit;
  for (const auto& id : ids) commit.messages.push_back(message_of(id));
  store.commit(commit);
}

std::vector<std::string> ids_of(const std::vector<TimelineEntry>& page) {
  std::vector<std::string> ids;
  ids.reserve(page.size());
  for (const auto& entry : page) ids.push_back(entry.row.message.str());
  return ids;
}

std::vector<std::string> peers_of(const std::vector<ConversationEntry>& listing) {
  std::vector<std::string> peers;
  peers.reserve(listing.size());
  for (const auto& entry : listing) peers.push_back(entry.row.key.peer.str());
  return peers;
}

}  // namespace inboxd::test
