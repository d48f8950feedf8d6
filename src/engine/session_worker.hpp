#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/committer.hpp"
#include "engine/consultations.hpp"
#include "engine/engine.hpp"
#include "engine/fanout.hpp"
#include "engine/pipeline.hpp"
#include "engine/ports.hpp"
#include "engine/requests.hpp"
#include "engine/transaction.hpp"

namespace inboxd {

/// Thrown to leave a session's work: the link broke.
struct SessionEnded {
  BrokerError error;
};

/// What the store should learn at some time, and need not at once: written with the next batch, or alone
/// after a while. Losing it costs work, never a message.
struct Chores {
  Commit commit;
  std::optional<SteadyClock::time_point> since;  ///< when the oldest of it came up
};

/// What a session's work is done with; all but the session outlives it.
struct Workplace {
  Pipeline& pipeline;
  Requests& requests;
  Chores& chores;
  Committer& committer;
  BrokerSession& session;
  Consultations& consultations;
};

/// One broker session's work: takes deliveries, has them decided, commits, publishes, and acknowledges what
/// the broker confirmed. While a large batch is committed, what comes meanwhile is decided on top of it, into
/// the batch that is committed next. When the worker goes, whatever it did not acknowledge is expected to
/// come again. For one thread, but for turns that it lends.
class SessionWorker {
 public:
  SessionWorker(const EngineSettings& settings, const Workplace& place, Store& store, Clock& clock,
                Probe& probe);
  ~SessionWorker();
  SessionWorker(const SessionWorker&) = delete;
  SessionWorker& operator=(const SessionWorker&) = delete;

  /// Waits for something to do, for `idle` at the most, and does it. Takes nothing new while `draining`.
  /// Throws SessionEnded and StoreError.
  void step(bool draining, std::chrono::milliseconds idle);

  /// While step() waits in the session's poll(), what it would do with deliveries then: for another thread,
  /// as BrokerSession::lend() has it. All else is left to that step(), which also throws what goes wrong
  /// here.
  void take_turn() noexcept;

  /// Nothing that was taken is unfinished.
  bool drained() const noexcept { return waiting_.empty() && in_flight_.empty() && !has_batch(); }

  /// One of the two is to be called when no more steps will be made, and before the worker goes. What was
  /// decided is committed, and remembered as what is in the store; throws StoreError.
  void leave();
  /// After a failure that leaves the pipeline in doubt: what was decided never was. Waits for what is being
  /// committed; throws StoreError.
  void give_up();

  /// Something was carried to its end: the broker confirmed a batch.
  bool made_progress() const noexcept { return made_progress_; }

 private:
  /// A delivery that is not decided yet.
  struct Waiting {
    Delivery delivery;
    bool considered = false;  ///< whether the policy hook is to be asked is settled
    bool must_ask = false;    ///< its turn has come, and it was not asked yet
    std::shared_ptr<const Consultations::Question> question = {};  ///< where it was asked

    bool ready() const noexcept { return considered && !must_ask && (!question || question->answered()); }
  };
  /// Deliveries that are decided.
  struct Batch {
    Batch(const Store& store, const Transaction* base) : transaction(store, base) {}

    Transaction transaction;
    std::uint64_t last_tag = 0;
    std::size_t deliveries = 0;
    std::size_t bytes = 0;                                  ///< of their payload
    SteadyClock::duration deciding{};                       ///< time spent
    std::vector<std::uint64_t> fingerprints;                ///< once it is committed
    std::vector<std::pair<std::string, Verdict>> verdicts;  ///< of submissions
    SteadyClock::time_point received_at;
  };
  /// Deliveries, or a fan-out slice, that are committed and published and wait for the broker's confirms.
  struct InFlight {
    std::uint64_t last_tag = 0;
    std::size_t deliveries = 0;
    std::uint64_t published_up_to = 0;
    std::size_t bytes = 0;  ///< of payload published
    std::vector<std::uint64_t> fingerprints;
    std::optional<Fanout::Slice> slice;  ///< in place of deliveries
    std::vector<std::string> requests;   ///< likewise: submissions
    SteadyClock::time_point received_at;
    SteadyClock::time_point published_at;
  };
  struct Acknowledged {
    std::uint64_t tag = 0;
    std::vector<std::uint64_t> fingerprints;
  };

  /// Returns whether it was ready for any number of deliveries.
  bool take(bool draining, std::chrono::milliseconds idle);
  bool has_work(bool draining) const;
  void consult();
  void ask_hook(Waiting& waiting);
  bool must_ask_first(Waiting& next, const Transaction& transaction);
  bool may_decide() const;
  bool may_ask_first() const;
  bool may_publish() const;
  bool has_batch() const noexcept { return committing_ || decided_; }
  bool is_way_free() const;
  bool is_front_ready() const;
  std::size_t most_deliveries() const;
  bool has_room(const Batch& batch) const;
  bool is_for_committer(const Batch& batch) const;
  bool may_start_slice(bool draining) const;
  bool is_from_admin(const Delivery& delivery) const;
  Advice advice_on(const Waiting& waiting) const;
  void work_on_deliveries();
  void decide_waiting();
  std::unique_ptr<Batch> begin_batch() const;
  void decide_into(Batch& batch);
  void move_on();
  void finish_batches();
  std::unique_ptr<Batch> commit_decided();
  std::unique_ptr<Batch> take_committed();
  void publish_batch(Batch& batch);
  void process_slice();
  void process_requests();
  void process_presence();
  void note_redelivery(const Delivery& delivery);
  void expect_no_more_redeliveries();
  InFlight publish(std::span<const Publication> publications);
  void acknowledge_confirmed();
  void finish(InFlight& batch, Acknowledged& done);
  void settle();
  void do_chores();

  const EngineSettings& settings_;
  Pipeline& pipeline_;
  Requests& requests_;
  Chores& chores_;
  Committer& committer_;
  BrokerSession& session_;
  Consultations& consultations_;
  Store& store_;
  Clock& clock_;
  Probe& probe_;

  std::deque<Waiting> waiting_;
  std::size_t considered_ = 0;  ///< of those waiting, from the front
  std::size_t waiting_bytes_ = 0;
  std::unique_ptr<Batch> committing_;  ///< what the committer is at
  std::unique_ptr<Batch> decided_;     ///< on top of it; between two steps only while there is one
  std::deque<InFlight> in_flight_;
  std::uint64_t published_up_to_ = 0;
  std::size_t unconfirmed_bytes_ = 0;
  bool made_progress_ = false;
  bool draining_ = false;
  std::exception_ptr failed_turn_;
  std::size_t slices_in_flight_ = 0;
  bool slice_is_next_ = false;
  std::size_t deliveries_in_flight_ = 0;
  std::deque<Acknowledged> acknowledged_;
  /// When the broker could last have given back something that a lost session left.
  SteadyClock::time_point last_redelivery_;
  SteadyClock::time_point next_presence_;  ///< when connections that are gone are next looked for
};

}  // namespace inboxd
