#include "store/memory_session_store.hpp"

#include <algorithm>

namespace inboxd::store {
namespace {

/// What comes before every message, or packet, of a session.
QueuedKey before_queue(std::string_view client_id) { return {std::string(client_id), 0}; }
SessionPacket before_packets(std::string_view client_id) {
  return {std::string(client_id), SessionPacket::State::kReceived, 0};
}

}  // namespace

void MemorySessionStore::commit(const SessionCommit& commit) {
  const std::lock_guard lock(mutex_);
  for (const auto& client_id : commit.removed_sessions) remove_session(client_id);
  for (const auto& row : commit.sessions) sessions_.insert_or_assign(row.client_id, row);
  write_queue(commit);
  write_packets(commit);
  write_retained(commit);
}

void MemorySessionStore::remove_session(const std::string& client_id) {
  sessions_.erase(client_id);
  std::erase_if(queue_, [&](const auto& entry) { return entry.first.client_id == client_id; });
  std::erase_if(packets_, [&](const SessionPacket& packet) { return packet.client_id == client_id; });
}

void MemorySessionStore::write_queue(const SessionCommit& commit) {
  for (const auto& message : commit.queued) {
    queue_.insert_or_assign(message.key, message);
    last_sequence_ = std::max(last_sequence_, message.key.sequence);
  }
  for (const auto& key : commit.removed_queued) queue_.erase(key);
}

void MemorySessionStore::write_packets(const SessionCommit& commit) {
  for (const auto& packet : commit.removed_packets) packets_.erase(packet);
  packets_.insert(commit.packets.begin(), commit.packets.end());
}

void MemorySessionStore::write_retained(const SessionCommit& commit) {
  for (const auto& topic : commit.removed_retained) retained_.erase(topic);
  for (const auto& message : commit.retained) retained_.insert_or_assign(message.topic, message);
}

std::vector<SessionRow> MemorySessionStore::sessions(std::string_view after, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<SessionRow> rows;
  for (auto it = sessions_.upper_bound(after); it != sessions_.end() && rows.size() < limit; ++it) {
    rows.push_back(it->second);
  }
  return rows;
}

std::vector<QueuedMessage> MemorySessionStore::queue(std::string_view client_id, std::uint64_t after,
                                                     std::size_t limit, std::size_t max_bytes) const {
  const std::lock_guard lock(mutex_);
  std::vector<QueuedMessage> messages;
  std::size_t bytes = 0;
  for (auto it = queue_.upper_bound({std::string(client_id), after});
       it != queue_.end() && it->first.client_id == client_id && messages.size() < limit; ++it) {
    bytes += bytes_of(it->second);
    if (bytes > max_bytes && !messages.empty()) break;
    messages.push_back(it->second);
  }
  return messages;
}

QueueSize MemorySessionStore::queue_size(std::string_view client_id) const {
  const std::lock_guard lock(mutex_);
  QueueSize size;
  for (auto it = queue_.lower_bound(before_queue(client_id));
       it != queue_.end() && it->first.client_id == client_id; ++it) {
    ++size.messages;
    size.bytes += bytes_of(it->second);
  }
  return size;
}

std::uint64_t MemorySessionStore::last_sequence() const {
  const std::lock_guard lock(mutex_);
  return last_sequence_;
}

std::vector<SessionPacket> MemorySessionStore::packets(std::string_view client_id) const {
  const std::lock_guard lock(mutex_);
  std::vector<SessionPacket> packets;
  for (auto it = packets_.lower_bound(before_packets(client_id));
       it != packets_.end() && it->client_id == client_id; ++it) {
    packets.push_back(*it);
  }
  return packets;
}

std::vector<RetainedMessage> MemorySessionStore::retained(std::string_view after, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<RetainedMessage> messages;
  std::size_t bytes = 0;
  for (auto it = retained_.upper_bound(after); it != retained_.end() && messages.size() < limit; ++it) {
    bytes += it->second.payload->size();
    if (bytes > kMaxReadBytes && !messages.empty()) break;
    messages.push_back(it->second);
  }
  return messages;
}

}  // namespace inboxd::store
