#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/decide.hpp"
#include "core/refusal.hpp"
#include "engine/engine.hpp"
#include "engine/events.hpp"
#include "engine/fanout.hpp"
#include "engine/ids.hpp"
#include "engine/ledger.hpp"
#include "engine/lru_cache.hpp"
#include "engine/ports.hpp"
#include "engine/transaction.hpp"

namespace inboxd {

/// Decides deliveries: reads the state that the rules ask for, applies them, and writes what follows into a
/// transaction. For one thread.
class Pipeline {
 public:
  /// `settings` and what follows must outlive it; `listener` may be null.
  Pipeline(const EngineSettings& settings, Store& store, Clock& clock, Entropy& entropy, Log& log,
           Probe& probe, CommitListener* listener);
  ~Pipeline() = default;
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Decides one delivery on top of what the transaction holds. Whatever it is, it is dealt with when the
  /// transaction is committed. Throws StoreError.
  Verdict decide(const Delivery& delivery, Transaction& transaction);

  /// Writes the transaction and `chores`, which it empties. Returns what is to be remembered of the batch
  /// until it is acknowledged: the sequences of its fingerprints. Throws StoreError; the batch is then as if
  /// never decided.
  std::vector<std::uint64_t> commit(Transaction& transaction, Commit& chores);

  /// Looks at the next part of all users' connections, and removes those that have expired. Says whether more
  /// are left to look at. Throws StoreError.
  bool expire_presence(Transaction& transaction);

  Fanout& fanout() noexcept { return fanout_; }
  RedeliveryLedger& ledger() noexcept { return ledger_; }

  /// The session is lost, with whatever was decided and not acknowledged.
  void session_lost();

 private:
  void route(const Delivery& delivery, Transaction& transaction);
  void dispatch(const Delivery& delivery, const Address& address, Transaction& transaction);
  void send(const Delivery& delivery, const Address& address, Transaction& transaction);
  bool repeat(const Delivery& delivery, const Address& address, const Draft& draft, Transaction& transaction);
  std::optional<MessageId> earlier_id(const Delivery& delivery, const Address& address, const Draft& draft,
                                      Transaction& transaction);
  void remember(const Delivery& delivery, const Draft& draft, const StoredMessage& message,
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
  void refuse(const Delivery& delivery, const Refusal& refusal, const Address* address,
              Transaction& transaction);
  void forget_replayed(const Delivery& delivery, Transaction& transaction);
  static void publish(std::vector<std::string> keys, std::string payload, Transaction& transaction);

  std::shared_ptr<const Group> group(const PartyId& id, const Transaction& transaction);
  std::optional<Millis> newest(const PartyId& owner, const PartyId& peer);
  void note_newest(const PartyId& owner, const PartyId& peer, Millis timestamp);
  const EngineSettings& settings_;
  const Rules rules_;
  Store& store_;
  Clock& clock_;
  Log& log_;
  Probe& probe_;
  CommitListener* listener_;
  Ids ids_;
  EventWriter events_;
  Fanout fanout_;
  RedeliveryLedger ledger_;
  std::uint64_t last_job_ = 0;
  Verdict verdict_;  ///< on the delivery being decided
  std::optional<PresenceRow> presence_cursor_;
  LruCache<PartyId, std::shared_ptr<const Group>> groups_;
  LruCache<TimelineKey, std::optional<Millis>, TimelineKeyHash> newest_;  ///< nothing: an empty conversation
  /// Fingerprints of the batch being decided: written anew, and matched.
  std::vector<FingerprintRow> written_fingerprints_;
  std::vector<std::uint64_t> matched_fingerprints_;
};

}  // namespace inboxd
