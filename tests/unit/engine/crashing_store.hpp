#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/ports.hpp"

namespace inboxd::testing {

/// A store in which a crash can come just before or just after each commit, and before what is read for each
/// copy of a message.
class CrashingStore final : public Store {
 public:
  CrashingStore(Store& store, std::function<void()>& on_operation)
      : store_(store), on_operation_(on_operation) {}

  void commit(const Commit& commit) override {
    recover();
    try {
      on_operation_();
    } catch (const StoreError&) {
      const std::lock_guard lock(mutex_);
      unsynced_ = commit;
      throw;
    }
    store_.commit(commit);
    on_operation_();
  }

  std::optional<StoredMessage> message(const AppId& app, const MessageId& id) const override {
    return store_.message(app, id);
  }
  std::optional<TimelineRow> row(const TimelineKey& key, Millis timestamp,
                                 const MessageId& id) const override {
    return store_.row(key, timestamp, id);
  }
  std::vector<TimelineEntry> timeline(const TimelineKey& key, const TimelinePage& page) const override {
    return store_.timeline(key, page);
  }
  std::optional<Millis> newest_timestamp(const TimelineKey& key) const override {
    return store_.newest_timestamp(key);
  }
  std::optional<ConversationRow> conversation(const TimelineKey& key) const override {
    on_read();
    return store_.conversation(key);
  }
  std::vector<ConversationEntry> conversations(const AppId& app, const PartyId& owner, bool archived,
                                               std::size_t limit) const override {
    return store_.conversations(app, owner, archived, limit);
  }
  std::optional<Group> group(const AppId& app, const PartyId& id) const override {
    return store_.group(app, id);
  }
  std::optional<MessageId> idempotent(const IdempotencyKey& key, Millis now) const override {
    return store_.idempotent(key, now);
  }
  std::vector<FingerprintRow> fingerprints() const override { return store_.fingerprints(); }
  std::optional<PublicationRow> publication(std::string_view client_id, std::uint16_t packet_id,
                                            Millis now) const override {
    return store_.publication(client_id, packet_id, now);
  }
  std::vector<DeadLetter> dead_letters(std::size_t limit) const override {
    return store_.dead_letters(limit);
  }
  std::optional<DeadLetter> dead_letter(std::string_view id) const override { return store_.dead_letter(id); }
  std::vector<MessageId> idempotent_to(const AppId& app, const PartyId& recipient, std::string_view temp_uid,
                                       Millis now) const override {
    return store_.idempotent_to(app, recipient, temp_uid, now);
  }
  std::vector<OutboxRow> outbox(std::string_view endpoint, std::uint64_t from,
                                std::size_t limit) const override {
    return store_.outbox(endpoint, from, limit);
  }
  std::vector<std::string> outbox_endpoints() const override { return store_.outbox_endpoints(); }
  std::vector<UndeliveredEvent> undelivered(std::size_t limit) const override {
    return store_.undelivered(limit);
  }
  std::optional<UndeliveredEvent> undelivered_event(std::uint64_t sequence) const override {
    return store_.undelivered_event(sequence);
  }
  ArrivalPage arrivals(const AppId& app, const PartyId& owner, std::uint64_t after,
                       std::size_t limit) const override {
    return store_.arrivals(app, owner, after, limit);
  }
  std::uint64_t sequence_floor() const override { return store_.sequence_floor(); }
  std::vector<PresenceRow> presence(const AppId& app, const PartyId& user) const override {
    return store_.presence(app, user);
  }
  std::vector<PresenceRow> presence_page(const std::optional<PresenceRow>& after,
                                         std::size_t limit) const override {
    return store_.presence_page(after, limit);
  }
  std::vector<InstanceRow> instances(const AppId& app, const PartyId& user) const override {
    return store_.instances(app, user);
  }
  std::optional<BlockRow> block(const AppId& app, const PartyId& owner, const PartyId& user) const override {
    return store_.block(app, owner, user);
  }
  std::vector<BlockRow> blocks(const AppId& app, const PartyId& owner, const std::optional<PartyId>& after,
                               std::size_t limit) const override {
    return store_.blocks(app, owner, after, limit);
  }
  std::vector<PartyId> blockers(const AppId& app, const PartyId& user, std::size_t limit) const override {
    return store_.blockers(app, user, limit);
  }
  std::optional<BanRow> ban(const AppId& app, const PartyId& user) const override {
    return store_.ban(app, user);
  }
  std::vector<BanRow> bans(const AppId& app, const std::optional<PartyId>& after,
                           std::size_t limit) const override {
    return store_.bans(app, after, limit);
  }
  std::optional<FilterDocument> filters(const AppId& app) const override { return store_.filters(app); }
  std::vector<std::pair<FanoutJob, FanoutProgress>> jobs() const override { return store_.jobs(); }
  std::optional<FanoutJob> job(std::uint64_t sequence) const override { return store_.job(sequence); }
  /// What a sync failed of is in the log all the same, and comes back when the log is read.
  void recover() override {
    const std::lock_guard lock(mutex_);
    if (unsynced_) store_.commit(*std::exchange(unsynced_, std::nullopt));
  }
  bool healthy() const noexcept override { return true; }

  std::function<void()> on_read = [] {};

 private:
  Store& store_;
  std::function<void()>& on_operation_;
  std::mutex mutex_;  // commits may come from two threads
  std::optional<Commit> unsynced_;
};

}  // namespace inboxd::testing
