#include "engine/session_worker.hpp"

#include <algorithm>
#include <utility>

namespace inboxd {
namespace {

using std::chrono::milliseconds;

/// A batch is closed once it publishes this much, so that no batch of large groups holds up the rest.
constexpr std::size_t kMaxBatchPublications = 4096;
/// Payload after which a batch is closed: what was decided is in memory more than once.
constexpr std::size_t kMaxBatchBytes = std::size_t{4} * 1024 * 1024;
/// Deliveries in a batch that no commit is waited for with: the sooner it is committed, the sooner committing
/// and deciding go on side by side.
constexpr std::size_t kMaxFirstBatch = 100;
/// Publications on their way; beyond them nothing more is decided, however much has been taken.
constexpr std::uint64_t kMaxUnconfirmed = 16'384;
constexpr std::size_t kMaxUnconfirmedBytes = std::size_t{64} * 1024 * 1024;
/// A batch is closed after this long, so that costly messages hold up neither heartbeats nor the rest.
constexpr milliseconds kMaxBatchTime{50};
/// While another is committed, which is published only after that.
constexpr milliseconds kMaxOverlapTime{5};
/// Batches and slices on their way. What comes in meanwhile makes the next batch larger: with few on their
/// way each pays less for its commit, and with more than one the broker never waits for the engine. Three was
/// the best measured.
constexpr std::size_t kMaxBatches = 3;
/// Fan-out slices on their way at a time.
constexpr std::size_t kMaxSlices = 2;
constexpr milliseconds kChoresDelay{500};
constexpr milliseconds kPresenceInterval{5'000};
/// The broker delivers again, before anything else, what a lost session left. Nothing for this long: nothing
/// left.
constexpr milliseconds kRedeliveriesEnd{30'000};

}  // namespace

SessionWorker::SessionWorker(const EngineSettings& settings, const Workplace& place, Store& store,
                             Clock& clock, Probe& probe)
    : settings_(settings),
      pipeline_(place.pipeline),
      requests_(place.requests),
      chores_(place.chores),
      committer_(place.committer),
      session_(place.session),
      consultations_(place.consultations),
      store_(store),
      clock_(clock),
      probe_(probe),
      last_redelivery_(clock.steady()),
      next_presence_(clock.steady()) {}

SessionWorker::~SessionWorker() {
  pipeline_.session_lost();
  requests_.session_lost();
}

void SessionWorker::take_turn() noexcept {
  if (failed_turn_ || committing_) return session_.wake();
  try {
    take(draining_, milliseconds(0));
    acknowledge_confirmed();
    settle();
    consult();
    work_on_deliveries();
  } catch (...) {
    failed_turn_ = std::current_exception();
  }
  const bool is_done = in_flight_.empty() && !has_batch() && !session_.blocked() && !has_work(draining_);
  if (failed_turn_ || !is_done) session_.wake();
}

void SessionWorker::step(bool draining, milliseconds idle) {
  draining_ = draining;
  const bool listened = take(draining, idle);
  acknowledge_confirmed();
  settle();
  consult();
  if (may_publish() && !draining && requests_.has_queued()) process_requests();
  // In turn, so that neither keeps the other from the few places on the way.
  if (slice_is_next_ && may_publish() && may_start_slice(draining)) process_slice();
  work_on_deliveries();
  if (may_publish() && may_start_slice(draining)) process_slice();
  requests_.expire();
  if (settings_.presence && !draining) process_presence();
  acknowledge_confirmed();
  // What waits, here or at the broker, may be a redelivery as well.
  if (!listened || !waiting_.empty()) last_redelivery_ = clock_.steady();
  if (clock_.steady() - last_redelivery_ >= kRedeliveriesEnd) expect_no_more_redeliveries();
  do_chores();
  const std::size_t in_batches =
      (committing_ ? committing_->deliveries : 0) + (decided_ ? decided_->deliveries : 0);
  probe_.depths({waiting_.size(), in_batches + deliveries_in_flight_, pipeline_.fanout().pending()});
}

void SessionWorker::work_on_deliveries() {
  if (may_decide()) decide_waiting();
  if (has_batch() && committer_.done()) move_on();
  // A broker in this process has confirmed it by now.
  acknowledge_confirmed();
}

bool SessionWorker::may_start_slice(bool draining) const {
  return !draining && slices_in_flight_ < kMaxSlices && pipeline_.fanout().has_slice();
}

bool SessionWorker::has_work(bool draining) const {
  return (has_batch() && committer_.done()) || may_decide() ||
         (may_publish() &&
          (may_ask_first() || may_start_slice(draining) || (!draining && requests_.has_queued())));
}

/// The front waits for the hook's word, which nobody has been asked for yet. What it must be asked for may be
/// in the batch that was decided, and then is in the store first.
bool SessionWorker::may_ask_first() const {
  return !waiting_.empty() && waiting_.front().must_ask && !decided_ && consultations_.has_room();
}

bool SessionWorker::may_publish() const {
  const std::size_t batches = in_flight_.size() + (committing_ ? 1 : 0) + (decided_ ? 1 : 0);
  return batches < kMaxBatches && is_way_free();
}

bool SessionWorker::is_way_free() const {
  return !session_.blocked() && published_up_to_ - session_.confirmed() < kMaxUnconfirmed &&
         unconfirmed_bytes_ < kMaxUnconfirmedBytes;
}

bool SessionWorker::take(bool draining, milliseconds idle) {
  const bool may_take = !draining && waiting_bytes_ < settings_.max_waiting_bytes;
  const std::size_t room = may_take ? settings_.max_waiting_bytes - waiting_bytes_ : 0;
  const milliseconds until_chores = chores_.since ? kChoresDelay : idle;
  const milliseconds wait = has_work(draining) ? milliseconds(0) : std::min(idle, until_chores);
  std::vector<Delivery> arrived;
  if (auto result = session_.poll(wait, room, arrived); !result) throw SessionEnded{result.error()};
  if (failed_turn_) std::rethrow_exception(std::exchange(failed_turn_, nullptr));
  for (Delivery& delivery : arrived) {
    waiting_bytes_ += delivery.payload.size();
    waiting_.push_back({std::move(delivery)});
  }
  return may_take && session_.consuming();
}

/// Asks the policy hook about those that wait, ahead of their turn: so that it is asked about many at a time,
/// and they are still decided in their order.
void SessionWorker::consult() {
  if (may_ask_first()) {
    waiting_.front().must_ask = false;
    ask_hook(waiting_.front());
  }
  while (considered_ < waiting_.size() && (!consultations_.enabled() || consultations_.has_room())) {
    Waiting& next = waiting_[considered_++];
    next.considered = true;
    if (consultations_.enabled()) ask_hook(next);
  }
}

void SessionWorker::ask_hook(Waiting& waiting) {
  waiting.question = pipeline_.consult(waiting.delivery, is_from_admin(waiting.delivery), consultations_);
}

/// Whoever could not send when the hook would have been asked may be able to by now (a ban ended, a group
/// made, by what came before it): nothing passes unasked for that.
bool SessionWorker::must_ask_first(Waiting& next, const Transaction& transaction) {
  if (!consultations_.enabled() || next.question) return false;
  next.must_ask = pipeline_.must_consult(next.delivery, is_from_admin(next.delivery), transaction);
  return next.must_ask;
}

bool SessionWorker::may_decide() const {
  return is_front_ready() && (decided_ ? has_room(*decided_) : may_publish());
}

bool SessionWorker::is_front_ready() const { return !waiting_.empty() && waiting_.front().ready(); }

std::size_t SessionWorker::most_deliveries() const {
  return committing_ ? settings_.max_batch : std::min(settings_.max_batch, kMaxFirstBatch);
}

bool SessionWorker::has_room(const Batch& batch) const {
  return batch.deliveries < most_deliveries() && batch.bytes < kMaxBatchBytes &&
         batch.transaction.publications().size() < kMaxBatchPublications && is_way_free();
}

/// On top of what is being committed. Where it fails the whole batch goes, for there may be a part of a
/// delivery in it.
void SessionWorker::decide_waiting() {
  auto batch = decided_ ? std::move(decided_) : begin_batch();
  const auto begin = clock_.steady();
  const milliseconds limit = committing_ ? kMaxOverlapTime : kMaxBatchTime;
  while (is_front_ready() && has_room(*batch) && clock_.steady() - begin < limit &&
         !must_ask_first(waiting_.front(), batch->transaction)) {
    decide_into(*batch);
  }
  batch->deciding += clock_.steady() - begin;
  if (batch->deliveries > 0) decided_ = std::move(batch);
}

std::unique_ptr<SessionWorker::Batch> SessionWorker::begin_batch() const {
  auto batch = std::make_unique<Batch>(store_, committing_ ? &committing_->transaction : nullptr);
  batch->received_at = waiting_.front().delivery.received_at;
  // Each of two publications at least.
  batch->transaction.reserve(std::min({waiting_.size(), most_deliveries(), kMaxBatchPublications / 2}));
  return batch;
}

void SessionWorker::decide_into(Batch& batch) {
  const Delivery& delivery = waiting_.front().delivery;
  note_redelivery(delivery);
  Verdict verdict = pipeline_.decide(delivery, advice_on(waiting_.front()), batch.transaction);
  if (!delivery.request.empty()) batch.verdicts.emplace_back(delivery.request, std::move(verdict));
  batch.last_tag = delivery.tag;
  batch.bytes += delivery.payload.size();
  waiting_bytes_ -= delivery.payload.size();
  waiting_.pop_front();
  --considered_;
  ++batch.deliveries;
}

/// What was decided follows what was being committed, which is waited for.
void SessionWorker::move_on() {
  const auto base = take_committed();
  const bool overlaps = decided_ && is_for_committer(*decided_);
  if (overlaps) commit_decided();
  if (base) publish_batch(*base);
  if (overlaps || !decided_) return;
  if (const auto batch = commit_decided()) publish_batch(*batch);
}

/// What more is decided is decided on top of it. A few are committed at once: no other thread need be woken.
bool SessionWorker::is_for_committer(const Batch& batch) const {
  return batch.deliveries >= settings_.overlap_from && batch.transaction.may_be_built_on();
}

void SessionWorker::finish_batches() {
  while (has_batch()) move_on();
}

/// Null where the committer is at it now.
std::unique_ptr<SessionWorker::Batch> SessionWorker::commit_decided() {
  auto batch = std::move(decided_);
  probe_.took(Stage::kDecide, batch->deciding);
  Transaction& transaction = batch->transaction;
  const bool overlaps = is_for_committer(*batch);
  const Commit& commit = pipeline_.prepare(transaction, chores_.commit);
  if (overlaps) {
    committer_.begin(commit);
    committing_ = std::move(batch);
    return nullptr;
  }
  const auto begin = clock_.steady();
  if (!commit.empty()) store_.commit(commit);
  probe_.took(Stage::kCommit, clock_.steady() - begin);
  batch->fingerprints = pipeline_.committed(transaction);
  return batch;
}

/// Null where nothing was being committed. If it fails, what was decided on it never was.
std::unique_ptr<SessionWorker::Batch> SessionWorker::take_committed() {
  if (!committing_) return nullptr;
  auto batch = std::move(committing_);
  try {
    probe_.took(Stage::kCommit, committer_.wait());
  } catch (...) {
    decided_.reset();
    throw;
  }
  batch->fingerprints = pipeline_.committed(batch->transaction);
  if (decided_) decided_->transaction.base_committed();
  return batch;
}

void SessionWorker::leave() {
  take_committed();
  if (decided_) commit_decided();
  take_committed();
}

void SessionWorker::give_up() {
  decided_.reset();
  take_committed();
}

void SessionWorker::publish_batch(Batch& batch) {
  InFlight published = publish(batch.transaction.publications());
  for (const auto& [request, verdict] : batch.verdicts) requests_.decided(request, verdict);
  published.fingerprints = std::move(batch.fingerprints);
  published.last_tag = batch.last_tag;
  published.deliveries = batch.deliveries;
  published.received_at = batch.received_at;
  deliveries_in_flight_ += batch.deliveries;
  slice_is_next_ = true;
  in_flight_.push_back(std::move(published));
}

Advice SessionWorker::advice_on(const Waiting& waiting) const {
  const Delivery& delivery = waiting.delivery;
  return {.hook = waiting.question ? std::optional(waiting.question->verdict()) : std::nullopt,
          .from_admin = is_from_admin(delivery)};
}

bool SessionWorker::is_from_admin(const Delivery& delivery) const {
  return !delivery.request.empty() && requests_.is_from_admin(delivery.request);
}

void SessionWorker::process_slice() {
  finish_batches();
  Transaction transaction(store_);
  auto slice = pipeline_.fanout().next(transaction);
  if (!slice) return;
  if (slice->withheld > 0) probe_.withheld(slice->withheld);
  const auto begin = clock_.steady();
  pipeline_.commit(transaction, chores_.commit);
  probe_.took(Stage::kCommit, clock_.steady() - begin);
  InFlight batch = publish(transaction.publications());
  batch.slice = std::move(slice);
  slice_is_next_ = false;
  ++slices_in_flight_;
  in_flight_.push_back(std::move(batch));
}

void SessionWorker::process_requests() {
  Requests::Batch taken = requests_.take();
  InFlight batch = publish(taken.publications);
  batch.requests = std::move(taken.ids);
  in_flight_.push_back(std::move(batch));
}

/// Takes a look at a part of the connections, now and then.
void SessionWorker::process_presence() {
  const auto now = clock_.steady();
  if (now < next_presence_) return;
  finish_batches();
  Transaction transaction(store_);
  const bool more = pipeline_.expire_presence(transaction);
  pipeline_.commit(transaction, chores_.commit);
  next_presence_ = now + (more ? milliseconds(0) : kPresenceInterval);
}

/// A queue gives back what a lost session left at its head: the first delivery that is new ends the
/// redeliveries.
void SessionWorker::note_redelivery(const Delivery& delivery) {
  if (delivery.redelivered) {
    last_redelivery_ = clock_.steady();
  } else if (delivery.queue == Queue::kMessages) {
    expect_no_more_redeliveries();
  }
}

void SessionWorker::expect_no_more_redeliveries() {
  if (!pipeline_.ledger().expects_redeliveries()) return;
  for (const std::uint64_t sequence : pipeline_.ledger().expect_no_more()) {
    chores_.commit.forgotten_fingerprints.push_back(sequence);
  }
}

SessionWorker::InFlight SessionWorker::publish(std::span<const Publication> publications) {
  InFlight batch;
  const auto published = session_.publish(publications);
  if (!published) throw SessionEnded{published.error()};
  batch.published_up_to = published_up_to_ = *published;
  for (const Publication& publication : publications) batch.bytes += publication.payload->size();
  unconfirmed_bytes_ += batch.bytes;
  batch.published_at = clock_.steady();
  probe_.published(publications.size());
  return batch;
}

void SessionWorker::acknowledge_confirmed() {
  Acknowledged done;
  while (!in_flight_.empty() && in_flight_.front().published_up_to <= session_.confirmed()) {
    finish(in_flight_.front(), done);
    in_flight_.pop_front();
  }
  if (done.tag == 0) return;
  if (auto result = session_.acknowledge(done.tag); !result) throw SessionEnded{result.error()};
  acknowledged_.push_back(std::move(done));
}

void SessionWorker::finish(InFlight& batch, Acknowledged& done) {
  const auto now = clock_.steady();
  probe_.took(Stage::kPublish, now - batch.published_at);
  unconfirmed_bytes_ -= batch.bytes;
  made_progress_ = true;
  if (batch.slice) {
    pipeline_.fanout().confirmed(*batch.slice, chores_.commit);
    --slices_in_flight_;
    return;
  }
  if (!batch.requests.empty()) {
    requests_.confirmed(batch.requests);
    return;
  }
  probe_.took(Stage::kAcknowledge, now - batch.received_at);
  done.tag = batch.last_tag;
  done.fingerprints.insert(done.fingerprints.end(), batch.fingerprints.begin(), batch.fingerprints.end());
  deliveries_in_flight_ -= batch.deliveries;
}

/// Forgets the fingerprints of deliveries that cannot come again.
void SessionWorker::settle() {
  while (!acknowledged_.empty() && acknowledged_.front().tag <= session_.acknowledged()) {
    for (const std::uint64_t sequence : acknowledged_.front().fingerprints) {
      pipeline_.ledger().settled(sequence);
      chores_.commit.forgotten_fingerprints.push_back(sequence);
    }
    acknowledged_.pop_front();
  }
}

void SessionWorker::do_chores() {
  if (chores_.commit.empty()) {
    chores_.since.reset();
  } else if (!chores_.since) {
    chores_.since = clock_.steady();
  } else if (clock_.steady() - *chores_.since >= kChoresDelay) {
    store_.commit(chores_.commit);
    chores_ = {};
  }
}

}  // namespace inboxd
