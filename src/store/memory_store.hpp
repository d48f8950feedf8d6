#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "engine/ports.hpp"
#include "store/dead_letter_ledger.hpp"

namespace inboxd::store {

/// A store for tests: forgets everything with the process. Nothing fails but a timeline or conversation whose
/// body is missing.
class MemoryStore final : public Store {
 public:
  explicit MemoryStore(DeadLetterBounds bounds = {}) : ledger_(bounds) {}

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
  std::vector<DeadLetter> dead_letters(std::size_t limit) const override;
  std::optional<DeadLetter> dead_letter(std::string_view id) const override;
  std::vector<OutboxRow> outbox(std::uint64_t from, std::size_t limit) const override;
  std::vector<std::pair<FanoutJob, FanoutProgress>> jobs() const override;
  std::optional<FanoutJob> job(std::uint64_t sequence) const override;
  bool healthy() const noexcept override { return true; }

 private:
  using Position = std::pair<Millis, MessageId>;
  using Timeline = std::map<Position, TimelineRow>;

  void write_messages(const Commit& commit);
  void write_bookkeeping(const Commit& commit);
  void write_dead_letters(const Commit& commit);
  const StoredMessage& body(const AppId& app, const MessageId& id) const;

  mutable std::mutex mutex_;  // guards all that follows
  std::map<std::pair<AppId, MessageId>, StoredMessage> messages_;
  std::map<TimelineKey, Timeline> timelines_;
  std::map<TimelineKey, ConversationRow> conversations_;
  std::map<std::pair<AppId, PartyId>, Group> groups_;
  std::map<IdempotencyKey, IdempotencyRow> idempotency_;
  std::map<std::uint64_t, FingerprintRow> fingerprints_;
  std::map<std::string, DeadLetter, std::less<>> dead_letters_;
  DeadLetterLedger ledger_;
  std::map<std::uint64_t, OutboxRow> outbox_;
  std::map<std::uint64_t, FanoutJob> jobs_;
  std::map<std::uint64_t, FanoutProgress> progress_;
};

}  // namespace inboxd::store
