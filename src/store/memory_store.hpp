#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "engine/ports.hpp"
#include "store/dead_letter_ledger.hpp"

namespace inboxd::store {

/// A store for tests: forgets everything with the process. Nothing fails but a timeline or conversation whose
/// body is missing.
class MemoryStore final : public Store {
 public:
  /// Undelivered events are bounded as dead letters are.
  explicit MemoryStore(DeadLetterBounds bounds = {})
      : ledgers_{DeadLetterLedger(bounds), DeadLetterLedger(bounds)} {}

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
  void recover() override {}
  bool healthy() const noexcept override { return true; }

 private:
  using Position = std::pair<Millis, MessageId>;
  using Timeline = std::map<Position, TimelineRow>;

  void write_messages(const Commit& commit);
  void write_bookkeeping(const Commit& commit);
  void write_dead_letters(const Commit& commit);
  void write_undelivered(const Commit& commit);
  void write_users(const Commit& commit);
  void write_policies(const Commit& commit);
  const StoredMessage& body(const AppId& app, const MessageId& id) const;

  mutable std::mutex mutex_;  // guards all that follows
  std::map<std::pair<AppId, MessageId>, StoredMessage> messages_;
  std::map<TimelineKey, Timeline> timelines_;
  std::map<TimelineKey, ConversationRow> conversations_;
  std::map<std::pair<AppId, PartyId>, Group> groups_;
  std::map<IdempotencyKey, IdempotencyRow> idempotency_;
  std::map<std::uint64_t, FingerprintRow> fingerprints_;
  std::map<std::pair<std::string, std::uint16_t>, PublicationRow> publications_;
  std::map<std::string, DeadLetter, std::less<>> dead_letters_;
  Ledgers ledgers_;
  std::map<OutboxKey, OutboxRow> outbox_;
  std::map<std::uint64_t, UndeliveredEvent> undelivered_;
  std::map<std::pair<AppId, PartyId>, std::map<std::uint64_t, ArrivalRow>> arrivals_;
  std::uint64_t last_arrival_ = 0;
  std::uint64_t floor_ = 0;
  using UserItem = std::tuple<AppId, PartyId, std::string>;
  std::map<UserItem, PresenceRow> presence_;
  std::map<UserItem, InstanceRow> instances_;
  using Pair = std::tuple<AppId, PartyId, PartyId>;
  std::map<Pair, BlockRow> blocks_;  ///< by app, owner and user
  std::set<Pair> blockers_;          ///< the same by app, user and owner
  std::map<std::pair<AppId, PartyId>, BanRow> bans_;
  std::map<AppId, FilterDocument> filters_;
  std::map<std::uint64_t, FanoutJob> jobs_;
  std::map<std::uint64_t, FanoutProgress> progress_;
};

}  // namespace inboxd::store
