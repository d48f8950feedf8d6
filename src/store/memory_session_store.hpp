#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "engine/session_store.hpp"

namespace inboxd::store {

/// Sessions for tests: forgotten with the process. Nothing fails.
class MemorySessionStore final : public SessionStore {
 public:
  void commit(const SessionCommit& commit) override;

  std::vector<SessionRow> sessions(std::string_view after, std::size_t limit) const override;
  std::vector<QueuedMessage> queue(std::string_view client_id, std::uint64_t after, std::size_t limit,
                                   std::size_t max_bytes) const override;
  QueueSize queue_size(std::string_view client_id) const override;
  std::uint64_t last_sequence() const override;
  std::vector<SessionPacket> packets(std::string_view client_id) const override;
  std::vector<RetainedMessage> retained(std::string_view after, std::size_t limit) const override;

 private:
  void remove_session(const std::string& client_id);
  void write_queue(const SessionCommit& commit);
  void write_packets(const SessionCommit& commit);
  void write_retained(const SessionCommit& commit);

  mutable std::mutex mutex_;  // guards all that follows
  std::map<std::string, SessionRow, std::less<>> sessions_;
  std::map<QueuedKey, QueuedMessage> queue_;
  std::uint64_t last_sequence_ = 0;
  std::set<SessionPacket> packets_;
  std::map<std::string, RetainedMessage, std::less<>> retained_;
};

}  // namespace inboxd::store
