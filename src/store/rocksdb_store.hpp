#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "core/result.hpp"
#include "engine/ports.hpp"
#include "engine/session_store.hpp"
#include "store/dead_letter_ledger.hpp"
#include "store/rocksdb_options.hpp"

namespace inboxd::store {

class CommitBatch;
class RecoveringDb;
class RocksDbHandle;
class RocksDbSessions;

/// A store in one directory of this machine, owned by one process at a time. Reads go on while a commit is
/// written, and see all of it or nothing. Commits from several threads wait for each other.
///
/// After a commit that failed, because the disk was full or otherwise, each later one first tries to mend
/// what can be mended; until that succeeds, reading goes on where it can.
class RocksDbStore final : public Store {
 public:
  /// Opens what the directory holds, or makes a new store there. Recovers what a crash left. `clock` says
  /// which idempotency rows may go; it is asked from several threads and must outlive the store.
  static Result<std::unique_ptr<RocksDbStore>, StoreError> open(const RocksDbOptions& options, Clock& clock);

  ~RocksDbStore() override;
  RocksDbStore(const RocksDbStore&) = delete;
  RocksDbStore& operator=(const RocksDbStore&) = delete;

  /// MQTT sessions, in the same database. As healthy as this store, and lives as long.
  SessionStore& sessions() noexcept;

  /// Throws kPermission in a store that was opened read-only.
  void commit(const Commit& commit) override;

  std::optional<StoredMessage> message(const AppId& app, const MessageId& id) const override;
  std::optional<TimelineRow> row(const TimelineKey& timeline, Millis timestamp,
                                 const MessageId& message) const override;
  std::vector<TimelineEntry> timeline(const TimelineKey& timeline, const TimelinePage& page) const override;
  std::optional<Millis> newest_timestamp(const TimelineKey& timeline) const override;
  std::optional<ConversationRow> conversation(const TimelineKey& key) const override;
  std::vector<ConversationEntry> conversations(const AppId& app, const PartyId& owner, bool archived,
                                               std::size_t limit) const override;
  std::optional<Group> group(const AppId& app, const PartyId& id) const override;
  std::optional<MessageId> idempotent(const IdempotencyKey& key, Millis now) const override;
  std::vector<FingerprintRow> fingerprints() const override;
  std::optional<PublicationRow> publication(std::string_view client_id, std::uint16_t packet_id,
                                            Millis now) const override;
  std::vector<DeadLetter> dead_letters(std::size_t limit) const override;
  std::optional<DeadLetter> dead_letter(std::string_view id) const override;
  std::vector<MessageId> idempotent_to(const AppId& app, const PartyId& recipient, std::string_view temp_uid,
                                       Millis now) const override;
  std::vector<OutboxRow> outbox(std::string_view endpoint, std::uint64_t from,
                                std::size_t limit) const override;
  std::vector<std::string> outbox_endpoints() const override;
  std::vector<UndeliveredEvent> undelivered(std::size_t limit) const override;
  std::optional<UndeliveredEvent> undelivered_event(std::uint64_t sequence) const override;
  ArrivalPage arrivals(const AppId& app, const PartyId& owner, std::uint64_t after,
                       std::size_t limit) const override;
  std::uint64_t sequence_floor() const override;
  std::vector<PresenceRow> presence(const AppId& app, const PartyId& user) const override;
  std::vector<PresenceRow> presence_page(const std::optional<PresenceRow>& after,
                                         std::size_t limit) const override;
  std::vector<InstanceRow> instances(const AppId& app, const PartyId& user) const override;
  std::optional<BlockRow> block(const AppId& app, const PartyId& owner, const PartyId& user) const override;
  std::vector<BlockRow> blocks(const AppId& app, const PartyId& owner, const std::optional<PartyId>& after,
                               std::size_t limit) const override;
  std::vector<PartyId> blockers(const AppId& app, const PartyId& user, std::size_t limit) const override;
  std::optional<BanRow> ban(const AppId& app, const PartyId& user) const override;
  std::vector<BanRow> bans(const AppId& app, const std::optional<PartyId>& after,
                           std::size_t limit) const override;
  std::optional<FilterDocument> filters(const AppId& app) const override;
  std::vector<std::pair<FanoutJob, FanoutProgress>> jobs() const override;
  std::optional<FanoutJob> job(std::uint64_t sequence) const override;

  void recover() override;
  /// False too in a store that was opened read-only: it cannot be written.
  bool healthy() const noexcept override;

 private:
  explicit RocksDbStore(std::unique_ptr<RecoveringDb> db);

  /// Fills the ledgers from what is on the disk.
  void count_bounded(const RocksDbHandle& handle);

  std::unique_ptr<RecoveringDb> db_;
  std::unique_ptr<RocksDbSessions> sessions_;
  std::mutex commit_mutex_;  // held from a commit's reads to its end; guards all below
  std::unique_ptr<CommitBatch> batch_;
  Ledgers ledgers_;
  std::uint64_t counted_generation_ = 0;        // the opening that the ledgers know; 0 after a failure
  std::atomic<std::uint64_t> last_arrival_{0};  // of the commits so far, or the floor that was found
};

}  // namespace inboxd::store
