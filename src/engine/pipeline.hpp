#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/decide.hpp"
#include "core/refusal.hpp"
#include "engine/consultations.hpp"
#include "engine/engine.hpp"
#include "engine/events.hpp"
#include "engine/fanout.hpp"
#include "engine/ids.hpp"
#include "engine/ledger.hpp"
#include "engine/lru_cache.hpp"
#include "engine/ports.hpp"
#include "engine/rate_limiter.hpp"
#include "engine/sanctions.hpp"
#include "engine/transaction.hpp"

namespace inboxd {

/// What is known of a delivery besides what it says.
struct Advice {
  std::optional<HookVerdict> hook = {};
  bool from_admin = false;  ///< an administrator said it, by REST
};

/// What the pipeline works with.
struct PipelinePorts {
  Store& store;
  Clock& clock;
  Entropy& entropy;
  Log& log;
  Probe& probe;
  CommitListener* listener = nullptr;     ///< may be null
  const FilterSource* filters = nullptr;  ///< likewise
};

/// Decides deliveries: reads the state that the rules ask for, applies them, and writes what follows into a
/// transaction. For one thread.
class Pipeline {
 public:
  /// `settings` and what the ports name must outlive it.
  Pipeline(const EngineSettings& settings, const PipelinePorts& ports);
  ~Pipeline() = default;
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Asks the policy hook about a delivery whose turn to be decided comes later; null where that is not
  /// worth asking, because the delivery is no message, will be refused anyhow, or was answered before.
  /// Throws StoreError.
  std::shared_ptr<const Consultations::Question> consult(const Delivery& delivery, bool from_admin,
                                                         Consultations& consultations);

  /// Whether the hook is to be asked about a delivery, by what the transaction holds now that its turn has
  /// come: what would have been refused when consult() looked at it may pass by now. Throws StoreError.
  bool must_consult(const Delivery& delivery, bool from_admin, const Transaction& transaction);

  /// Decides one delivery on top of what the transaction holds. Whatever it is, it is dealt with when the
  /// transaction is committed. Throws StoreError.
  Verdict decide(const Delivery& delivery, const Advice& advice, Transaction& transaction);

  /// Gathers the transaction and `chores`, which it empties, into what is to be committed before anything
  /// else is prepared. Where it is empty, there is nothing to commit.
  const Commit& prepare(Transaction& transaction, Commit& chores);

  /// What was prepared is in the store. Returns what is to be remembered of the batch until it is
  /// acknowledged: the sequences of its fingerprints.
  std::vector<std::uint64_t> committed(const Transaction& transaction);

  /// Both, and the commit between them. Throws StoreError; the batch is then as if never decided.
  std::vector<std::uint64_t> commit(Transaction& transaction, Commit& chores);

  /// Looks at the next part of all users' connections, and removes those that have expired. Says whether more
  /// are left to look at. Throws StoreError.
  bool expire_presence(Transaction& transaction);

  Fanout& fanout() noexcept { return fanout_; }
  RedeliveryLedger& ledger() noexcept { return ledger_; }

  /// The session is lost, with whatever was decided and not acknowledged.
  void session_lost();

 private:
  static bool is_foreign(const Delivery& delivery) noexcept;
  void route(const Delivery& delivery, Transaction& transaction);
  void dispatch(const Delivery& delivery, const Address& address, Transaction& transaction);
  void send(const Delivery& delivery, const Address& address, Transaction& transaction);
  SendState send_state(const Address& address, const Draft& draft, Transaction& transaction);
  PolicyState policy_state(const PartyId& sender, const Transaction& transaction);
  bool is_limited(const PartyId& sender, bool from_admin) const;
  std::optional<std::pair<Address, Draft>> hooks_business(const Delivery& delivery, bool from_admin,
                                                          const Transaction& transaction);
  bool will_be_refused(const Address& address, const Draft& draft, bool from_admin,
                       const Transaction& transaction);
  bool blocks_either_way(const PartyId& one, const PartyId& other, const Transaction& transaction);
  void count_matches(const std::vector<FilterMatch>& matches);
  void update_block(const Delivery& delivery, const Address& address, Transaction& transaction);
  std::optional<Refusal> block(const Address& address, bool blocked, Transaction& transaction);
  void update_ban(const Delivery& delivery, const Address& address, Transaction& transaction);
  void tell_refused(const Delivery& delivery, const Refusal& refusal, const Address& address,
                    Transaction& transaction);
  bool repeat(const Delivery& delivery, const Address& address, const Draft& draft, Transaction& transaction);
  std::optional<MessageId> earlier_id(const Delivery& delivery, const Address& address, const Draft& draft,
                                      Transaction& transaction);
  std::optional<MessageId> published_as(const Delivery& delivery, const Transaction& transaction) const;
  bool repeat_refusal(const Delivery& delivery, const Address& address, const MessageId& id,
                      Transaction& transaction);
  void remember(const Delivery& delivery, const Draft& draft, const Address& address, const MessageId& id,
                Transaction& transaction);
  void from_backend(const Delivery& delivery, const Address& address, Transaction& transaction);
  void update_group(const Delivery& delivery, Transaction& transaction);
  void receipt(const Delivery& delivery, const Address& address, Transaction& transaction);
  std::optional<StoredMessage> received_message(const Address& address, const Transaction& transaction) const;
  void update_conversation(const Delivery& delivery, const Address& address, Transaction& transaction);
  void archive_conversation(const Address& address, Transaction& transaction);
  void presence(const Delivery& delivery, const Address& address, Transaction& transaction);
  void put_presence(const PartyId& user, const PresenceEffects& effects, Transaction& transaction);
  void hand_over(const Delivery& delivery, Transaction& transaction);
  void accept(Accepted accepted, Transaction& transaction);
  void put_job(FanoutJob job, Transaction& transaction);
  void remember_publication(const Delivery& delivery, const MessageId& id, Transaction& transaction);
  void refuse_message(const Delivery& delivery, const Refusal& refusal, const Address& address,
                      const Draft& draft, Transaction& transaction);
  void refuse(const Delivery& delivery, const Refusal& refusal, const Address* address,
              Transaction& transaction);
  std::string keep_letter(const Delivery& delivery, const Refusal& refusal, Transaction& transaction);
  void say_refused(const Delivery& delivery, const Refusal& refusal, const Address* address,
                   Transaction& transaction);
  void forget_replayed(const Delivery& delivery, Transaction& transaction);
  static void publish(std::vector<std::string> keys, std::string payload, Transaction& transaction);

  std::shared_ptr<const Group> group(const PartyId& id, const Transaction& transaction);
  /// Holds until the next call.
  std::optional<Millis>& newest(const PartyId& owner, const PartyId& peer);
  void note_newest(const PartyId& owner, const PartyId& peer, Millis timestamp);
  const EngineSettings& settings_;
  const Rules rules_;
  Store& store_;
  Clock& clock_;
  Log& log_;
  Probe& probe_;
  CommitListener* listener_;
  const FilterSource* filter_source_;
  Ids ids_;
  const MessageId first_id_;  ///< those of messages that this pipeline accepts come after it
  EventWriter events_;
  Sanctions sanctions_;
  RateLimiter limiter_;
  Fanout fanout_;
  RedeliveryLedger ledger_;
  std::uint64_t last_job_ = 0;
  Verdict verdict_;  ///< on the delivery being decided
  Advice advice_;    ///< on it
  /// Those that the latest message met: what a decision refers to must last as long.
  std::shared_ptr<const ContentFilter> filter_;
  std::optional<PresenceRow> presence_cursor_;
  LruCache<PartyId, std::shared_ptr<const Group>> groups_;
  LruCache<TimelineKey, std::optional<Millis>, TimelineKeyHash> newest_;  ///< nothing: an empty conversation
};

}  // namespace inboxd
