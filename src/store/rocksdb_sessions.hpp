#pragma once

#include <mutex>

#include "engine/session_store.hpp"

namespace inboxd::store {

class RecoveringDb;

/// The sessions in the database of a RocksDbStore, which has tables of its own for them. Commits wait for
/// each other, but not for those of messages: commits of both that come at once share their wait for the
/// disk.
class RocksDbSessions final : public SessionStore {
 public:
  /// `db` must outlive it.
  explicit RocksDbSessions(RecoveringDb& db) : db_(db) {}

  void commit(const SessionCommit& commit) override;

  std::vector<SessionRow> sessions(std::string_view after, std::size_t limit) const override;
  std::vector<QueuedMessage> queue(std::string_view client_id, std::uint64_t after, std::size_t limit,
                                   std::size_t max_bytes) const override;
  QueueSize queue_size(std::string_view client_id) const override;
  std::uint64_t last_sequence() const override;
  std::vector<SessionPacket> packets(std::string_view client_id) const override;
  std::vector<RetainedMessage> retained(std::string_view after, std::size_t limit) const override;

 private:
  RecoveringDb& db_;
  std::mutex commit_mutex_;  // held from a commit's reads to its end
};

}  // namespace inboxd::store
