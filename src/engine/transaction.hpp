#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/presence.hpp"
#include "core/rows.hpp"
#include "engine/ports.hpp"

namespace inboxd {

/// What one batch is about to write, over what the store holds: each message of the batch is decided on the
/// effects of those before it. Nothing is written until the caller commits what seal() gives. For one thread,
/// but that what is sealed may be read from others.
class Transaction {
 public:
  explicit Transaction(const Store& store) : store_(store) {}
  /// Over `before` too, which is on its way into the store (may_be_built_on()) and must last until
  /// base_committed().
  Transaction(const Store& store, const Transaction* before) : store_(store), before_(before) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() = default;

  /// Makes room for so many direct messages. Others may come instead, and more.
  void reserve(std::size_t messages);

  /// What it was decided on is in the store now.
  void base_committed() noexcept { before_ = nullptr; }

  /// Whether another may be decided on it before it is committed: where it writes messages, and what goes
  /// with each of them. The rest is looked for in the store alone.
  bool may_be_built_on() const noexcept;

  std::optional<StoredMessage> message(const AppId& app, const MessageId& id) const;
  std::optional<TimelineRow> row(const TimelineRow& wanted) const;
  std::optional<ConversationRow> conversation(const TimelineKey& key) const;
  std::optional<MessageId> idempotent(const IdempotencyKey& key, Millis now) const;
  std::vector<MessageId> idempotent_to(const AppId& app, const PartyId& recipient, std::string_view temp_uid,
                                       Millis now) const;
  /// The latest of a client's publications under this packet id.
  std::optional<PublicationRow> publication(std::string_view client_id, std::uint16_t packet_id,
                                            Millis now) const;
  /// A group written by this batch; null where it wrote none of that id.
  std::shared_ptr<const Group> written_group(const PartyId& id) const;
  std::vector<PresenceRow> presence(const AppId& app, const PartyId& user) const;
  /// Whether this batch made `owner` block `user`, or ended it; nothing where it did neither.
  std::optional<bool> written_block(const PartyId& owner, const PartyId& user) const;
  /// How many others `owner` blocks with what this batch writes. Need not be exact beyond `most`.
  std::size_t blocks_by(const AppId& app, const PartyId& owner, std::size_t most) const;
  /// The ban that this batch wrote, or null where it ended one; nothing where it did neither.
  std::optional<const BanRow*> written_ban(const PartyId& user) const;
  bool has_job_for(const PartyId& group) const;
  std::size_t jobs() const noexcept { return commit_.jobs.size(); }

  void put(StoredMessage message) { commit_.messages.push_back(std::move(message)); }
  void put(TimelineRow row) { commit_.rows.push_back(std::move(row)); }
  void put(ConversationRow row);
  void put(IdempotencyRow row);
  void put(std::shared_ptr<const Group> group);
  void put(FanoutJob job) { commit_.jobs.push_back(std::move(job)); }
  void put(PublicationRow row) { commit_.publications.push_back(std::move(row)); }
  void put(FingerprintRow row) { commit_.fingerprints.push_back(std::move(row)); }
  /// A delivery of the batch is the one that an earlier batch wrote this fingerprint of.
  void matched(std::uint64_t fingerprint) { matched_.push_back(fingerprint); }
  const std::vector<std::uint64_t>& matched_fingerprints() const noexcept { return matched_; }
  void put(ArrivalRow row) { commit_.arrivals.push_back(std::move(row)); }
  void put(OutboxRow row) { commit_.outbox.push_back(std::move(row)); }
  /// Of the user whom `effects` speak of.
  void put(const AppId& app, const PartyId& user, const PresenceEffects& effects);
  void put(BlockRow row) { put_block(std::move(row), true); }
  void remove(BlockRow row) { put_block(std::move(row), false); }
  void put(BanRow row) { put_ban(std::move(row), true); }
  void remove(BanRow row) { put_ban(std::move(row), false); }
  void put(DeadLetter letter) { commit_.dead_letters.push_back(std::move(letter)); }
  void remove_dead_letter(std::string id) { commit_.removed_dead_letters.push_back(std::move(id)); }

  /// To be published once the commit stands, in this order.
  void publish(Publication publication) { publications_.push_back(std::move(publication)); }
  const std::vector<Publication>& publications() const noexcept { return publications_; }

  /// Groups that this batch wrote, for the cache.
  const std::unordered_map<PartyId, std::shared_ptr<const Group>>& written_groups() const noexcept {
    return groups_;
  }

  /// Everything to write, to which the caller may add. Call once, at the end; what the batch decided can
  /// still be asked for.
  Commit& seal();
  const Commit& sealed() const noexcept { return commit_; }

 private:
  template <class Row>
  struct Written {
    Row row;
    bool stands = true;  ///< else it is removed
  };
  void put_block(BlockRow row, bool stands);
  void put_ban(BanRow row, bool stands);
  void seal_sanctions();
  void seal_presence();

  const Store& store_;
  const Transaction* before_ = nullptr;
  Commit commit_;
  std::vector<Publication> publications_;
  /// Index in commit_.messages; made when it is first asked for, since most messages never are.
  mutable std::unordered_map<MessageId, std::size_t> messages_;
  mutable std::size_t indexed_ = 0;  ///< so many of them are in it
  /// Index in commit_.conversations.
  std::unordered_map<TimelineKey, std::size_t, TimelineKeyHash> conversations_;
  std::unordered_map<std::string, MessageId> temp_uids_;
  std::unordered_map<PartyId, std::shared_ptr<const Group>> groups_;
  struct Presence {
    std::vector<PresenceRow> before;
    std::vector<PresenceRow> now;
  };
  std::map<std::pair<PartyId, PartyId>, Written<BlockRow>> blocks_;  ///< by owner and user
  std::map<PartyId, Written<BanRow>> bans_;
  std::unordered_map<PartyId, Presence> presence_;  ///< of users whose presence this batch changes
  std::vector<std::uint64_t> matched_;
};

}  // namespace inboxd
