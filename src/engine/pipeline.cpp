#include "engine/pipeline.hpp"

#include <algorithm>
#include <utility>

#include "core/fingerprint.hpp"
#include "core/group.hpp"
#include "core/message.hpp"
#include "core/policy_update.hpp"
#include "engine/copy_writer.hpp"

namespace inboxd {
namespace {

constexpr std::size_t kCachedGroupBytes = std::size_t{32} * 1024 * 1024;
constexpr std::size_t kCachedTimestamps = 20'000;

/// Both sides of a direct conversation share one clock.
TimelineKey clock_key(const AppId& app, const PartyId& one, const PartyId& other) {
  return one < other ? TimelineKey{app, one, other} : TimelineKey{app, other, one};
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// What a cached group weighs; one that does not exist weighs too.
std::size_t bytes_of(const PartyId& id, const Group* group) {
  constexpr std::size_t kEntry = 200;
  constexpr std::size_t kMember = 64;
  return kEntry + id.view().size() +
         (group == nullptr ? 0 : group->json.size() + kMember * group->members.size());
}

/// What a message is known again by: its tempUID, or the submission that it is a part of, which may come
/// twice.
std::optional<std::string> name_of(const Delivery& delivery, const Draft& draft) {
  constexpr std::size_t kMaxNameBytes = 128;
  if (draft.temp_uid) return draft.temp_uid;
  const bool usable = !delivery.request.empty() && delivery.request.size() <= kMaxNameBytes &&
                      delivery.request.find('\0') == std::string::npos;
  // A slash stands in no level of a topic, so no receipt can name it.
  return usable ? std::optional("request/" + delivery.request) : std::nullopt;
}

}  // namespace

Pipeline::Pipeline(const EngineSettings& settings, const PipelinePorts& ports)
    : settings_(settings),
      rules_{settings.topics, settings.fanout_slice, settings.policy},
      store_(ports.store),
      clock_(ports.clock),
      log_(ports.log),
      probe_(ports.probe),
      listener_(ports.listener),
      filter_source_(ports.filters),
      ids_(clock_, ports.entropy, store_.sequence_floor()),
      first_id_(ids_.uuid()),
      events_(settings.events, ids_, clock_),
      sanctions_(settings.topics.app, store_, clock_),
      limiter_(settings.topics.app, settings.limits),
      fanout_(settings.topics, settings.fanout_slice, store_, events_, ids_, sanctions_),
      ledger_(store_.fingerprints()),
      groups_(kCachedGroupBytes),
      newest_(kCachedTimestamps) {
  for (const auto& [job, progress] : store_.jobs()) last_job_ = std::max(last_job_, job.sequence);
}

Verdict Pipeline::decide(const Delivery& delivery, const Advice& advice, Transaction& transaction) {
  verdict_ = {};
  advice_ = advice;
  if (is_foreign(delivery)) {
    refuse(delivery,
           {Reason::kForeignExchange, "came through another exchange: its sender cannot be trusted"}, nullptr,
           transaction);
  } else if (delivery.queue == Queue::kWebhooks) {
    hand_over(delivery, transaction);
  } else {
    route(delivery, transaction);
  }
  return std::exchange(verdict_, {});
}

bool Pipeline::is_foreign(const Delivery& delivery) noexcept {
  constexpr std::string_view kExchange = "amq.topic";
  return delivery.exchange != kExchange || delivery.rerouted;
}

void Pipeline::route(const Delivery& delivery, Transaction& transaction) {
  if (!delivery.replay_of.empty()) forget_replayed(delivery, transaction);
  const auto address = parse_routing_key(delivery.routing_key, settings_.topics);
  if (!address) {
    refuse(delivery, address.error(), nullptr, transaction);
    return;
  }
  const std::size_t limit =
      address->operation == Operation::kGroupUpdate ? settings_.max_group_bytes : settings_.max_message_bytes;
  if (delivery.payload_bytes > limit) {
    refuse(delivery, {Reason::kTooLarge, "more than " + std::to_string(limit) + " bytes"}, &*address,
           transaction);
    return;
  }
  dispatch(delivery, *address, transaction);
}

void Pipeline::dispatch(const Delivery& delivery, const Address& address, Transaction& transaction) {
  // The broker grants back ends' topics to back ends alone, and each queue hears its own.
  const bool queue_fits = delivery.queue == Queue::kPersist ? address.operation == Operation::kPersist
                                                            : address.operation != Operation::kPersist;
  if (!queue_fits) {
    refuse(delivery, {Reason::kBadTopic, "this queue does not serve such topics"}, &address, transaction);
    return;
  }
  switch (address.operation) {
    case Operation::kSend:
      send(delivery, address, transaction);
      return;
    case Operation::kDeliver:
    case Operation::kPersist:
      from_backend(delivery, address, transaction);
      return;
    case Operation::kGroupUpdate:
      update_group(delivery, transaction);
      return;
    case Operation::kMessageUpdate:
      receipt(delivery, address, transaction);
      return;
    case Operation::kConversationUpdate:
      update_conversation(delivery, address, transaction);
      return;
    case Operation::kConversationArchive:
      archive_conversation(address, transaction);
      return;
    case Operation::kPresence:
      presence(delivery, address, transaction);
      return;
    case Operation::kBlockUpdate:
      update_block(delivery, address, transaction);
      return;
    case Operation::kBanUpdate:
      update_ban(delivery, address, transaction);
      return;
  }
}

void Pipeline::send(const Delivery& delivery, const Address& address, Transaction& transaction) {
  const auto draft = read_draft(delivery.payload);
  if (!draft) {
    refuse(delivery, draft.error(), &address, transaction);
    return;
  }
  if (repeat(delivery, address, *draft, transaction)) return;

  const SendState state = send_state(address, *draft, transaction);
  Decision decision = decide_send(address, *draft, state, rules_);
  count_matches(decision.matches);
  if (const auto* refusal = std::get_if<Refusal>(&decision.outcome)) {
    refuse_message(delivery, *refusal, address, *draft, transaction);
    return;
  }
  Accepted& accepted = std::get<Accepted>(decision.outcome);
  if (!accepted.deferred.empty() && fanout_.pending() + transaction.jobs() >= settings_.max_jobs) {
    refuse_message(delivery,
                   {Reason::kFanoutFull, "too many messages to large groups are waiting; try again later"},
                   address, *draft, transaction);
    return;
  }
  note_newest(accepted.message.group ? address.peer : address.owner, address.peer,
              accepted.message.timestamp);
  remember(delivery, *draft, address, accepted.message.id, transaction);
  verdict_.message = accepted.message.id;
  accept(std::move(accepted), transaction);
  probe_.counted(Outcome::kDelivered);
}

/// Takes a token from the sender's buckets.
SendState Pipeline::send_state(const Address& address, const Draft& draft, Transaction& transaction) {
  SendState state;
  const bool to_group = is_for_group(draft, address.peer);
  if (to_group) {
    const bool wanted = !draft.group_members || rules_.policy.group_send == GroupSend::kMembers;
    if (wanted) state.group = group(address.peer, transaction);
    state.group_is_busy = fanout_.is_busy(address.peer) || transaction.has_job_for(address.peer);
  }
  state.newest = newest(to_group ? address.peer : address.owner, address.peer);
  state.now = clock_.now();
  state.fresh_id = MessageId{ids_.uuid()};
  state.policy = policy_state(address.owner, transaction);
  state.policy.hook = advice_.hook;
  if (!state.policy.ban && is_limited(address.owner, advice_.from_admin)) {
    state.policy.retry_after = limiter_.over(address.owner, address.peer, clock_.steady());
  }
  return state;
}

std::optional<MessageId> Pipeline::earlier_id(const Delivery& delivery, const Address& address,
                                              const Draft& draft, Transaction& transaction) {
  if (auto name = name_of(delivery, draft)) {
    const IdempotencyKey key{settings_.topics.app, address.owner, address.peer, *std::move(name)};
    return transaction.idempotent(key, clock_.now());
  }
  if (!delivery.redelivered) return std::nullopt;
  if (!delivery.client_id.empty()) return published_as(delivery, transaction);
  auto row = ledger_.match(fingerprint_of(delivery.routing_key, delivery.payload));
  if (!row) return std::nullopt;
  transaction.matched(row->sequence);
  return std::move(row->message);
}

/// What became of the same bytes under the same client id and packet id.
std::optional<MessageId> Pipeline::published_as(const Delivery& delivery,
                                                const Transaction& transaction) const {
  const auto row = transaction.publication(delivery.client_id, delivery.packet_id, clock_.now());
  const bool same = row && row->fingerprint == fingerprint_of(delivery.routing_key, delivery.payload);
  return same ? std::optional(row->message) : std::nullopt;
}

/// Answers a message that is in the store already; false where it is new.
bool Pipeline::repeat(const Delivery& delivery, const Address& address, const Draft& draft,
                      Transaction& transaction) {
  const auto id = earlier_id(delivery, address, draft, transaction);
  // A client's own word that he may have sent it before is none: his packet id says which one it was.
  const auto refused_as = delivery.client_id.empty() ? id : published_as(delivery, transaction);
  if (refused_as && repeat_refusal(delivery, address, *refused_as, transaction)) return true;
  auto earlier = id ? transaction.message(settings_.topics.app, *id) : std::nullopt;
  if (!earlier || earlier->sender != address.owner || earlier->recipient != address.peer) return false;
  // What a process before this one committed it may not have published, and nobody else may come to do it: a
  // client whose session ended with it sends again, or a request is made again.
  const bool may_be_unpublished = delivery.redelivered || earlier->id.view() < first_id_.view();
  std::shared_ptr<const Group> stored_group;
  if (may_be_unpublished && is_for_group(draft, address.peer))
    stored_group = group(address.peer, transaction);
  const Repeated repeated =
      decide_repeat(address, draft, *std::move(earlier), may_be_unpublished, stored_group);
  verdict_.message = repeated.message.id;
  CopyWriter writer(settings_.topics, repeated.message, transaction, events_, ids_);
  for (const TimelineRow& wanted : repeated.announce) {
    const auto row = transaction.row(wanted);
    const PartyId& owner = wanted.timeline.owner;
    // He may have blocked the sender since.
    if (row && (owner == address.owner || !sanctions_.blocks(owner, address.owner, transaction))) {
      writer.announce(*row);
    }
  }
  probe_.counted(delivery.redelivered ? Outcome::kRedelivered : Outcome::kRepeated);
  return true;
}

/// A message that was refused stays so when it is delivered again: its sender has been told. One that he
/// sends again himself is judged anew, and so is one that an operator replays, whose letter goes in any case.
bool Pipeline::repeat_refusal(const Delivery& delivery, const Address& address, const MessageId& id,
                              Transaction& transaction) {
  if (!delivery.redelivered || !delivery.replay_of.empty()) return false;
  const auto letter = store_.dead_letter(id.view());
  const auto reason = letter ? reason_from_code(letter->reason) : std::nullopt;
  if (!reason || letter->routing_key != delivery.routing_key) return false;
  say_refused(delivery, {*reason, letter->detail}, &address, transaction);
  return true;
}

/// `id` is the message's, or that of the dead letter that it became.
void Pipeline::remember(const Delivery& delivery, const Draft& draft, const Address& address,
                        const MessageId& id, Transaction& transaction) {
  if (auto name = name_of(delivery, draft)) {
    transaction.put(IdempotencyRow{{settings_.topics.app, address.owner, address.peer, *std::move(name)},
                                   id,
                                   clock_.now() + settings_.idempotency_ttl.count()});
    return;
  }
  if (!delivery.client_id.empty()) return remember_publication(delivery, id, transaction);
  transaction.put(FingerprintRow{ledger_.next_sequence(),
                                 fingerprint_of(delivery.routing_key, delivery.payload), settings_.topics.app,
                                 id});
}

void Pipeline::remember_publication(const Delivery& delivery, const MessageId& id, Transaction& transaction) {
  transaction.put(PublicationRow{.client_id = delivery.client_id,
                                 .packet_id = delivery.packet_id,
                                 .fingerprint = fingerprint_of(delivery.routing_key, delivery.payload),
                                 .app = settings_.topics.app,
                                 .message = id,
                                 .expires_at = clock_.now() + settings_.idempotency_ttl.count()});
}

void Pipeline::accept(Accepted accepted, Transaction& transaction) {
  if (accepted.withheld > 0) probe_.withheld(accepted.withheld);
  CopyWriter writer(settings_.topics, accepted.message, transaction, events_, ids_);
  for (Copy& copy : accepted.copies) {
    if (accepted.announce) {
      writer.deliver(std::move(copy), accepted.updates_conversations);
    } else {
      writer.store(std::move(copy), accepted.updates_conversations);
    }
  }
  if (!accepted.deferred.empty()) {
    put_job({.app = accepted.message.app,
             .group = accepted.message.recipient,
             .message = accepted.message.id,
             .update_conversations = accepted.updates_conversations,
             .notice = {},
             .members = std::move(accepted.deferred)},
            transaction);
  }
  transaction.put(std::move(accepted.message));
}

void Pipeline::put_job(FanoutJob job, Transaction& transaction) {
  job.sequence = ++last_job_;
  transaction.put(std::move(job));
}

void Pipeline::from_backend(const Delivery& delivery, const Address& address, Transaction& transaction) {
  const auto message = read_backend_message(delivery.payload);
  if (!message) {
    refuse(delivery, message.error(), &address, transaction);
    return;
  }
  auto stored = transaction.message(settings_.topics.app, message->id);
  const bool known = stored.has_value();
  const PolicyState policy = policy_state(known ? stored->sender : message->sender, transaction);
  Decision decision = decide_backend(address, *message, std::move(stored), policy, rules_);
  count_matches(decision.matches);
  if (const auto* refusal = std::get_if<Refusal>(&decision.outcome)) {
    refuse(delivery, *refusal, &address, transaction);
    return;
  }
  Accepted& accepted = std::get<Accepted>(decision.outcome);
  const bool announce = accepted.announce;
  note_newest(address.owner, address.peer, accepted.message.timestamp);
  const auto existing = known ? transaction.row(accepted.copies.front().row) : std::nullopt;
  if (existing) {
    // The inbox has it: its status, and what the owner made of the conversation since, stand.
    if (announce) {
      CopyWriter(settings_.topics, accepted.message, transaction, events_, ids_)
          .announce(accepted.copies.front().row);
    }
  } else {
    accept(std::move(accepted), transaction);
  }
  probe_.counted(announce ? Outcome::kDelivered : Outcome::kStored);
}

void Pipeline::update_group(const Delivery& delivery, Transaction& transaction) {
  auto update = read_group_update(delivery.payload, settings_.topics);
  if (!update) {
    refuse(delivery, update.error(), nullptr, transaction);
    return;
  }
  if (update->group.members.size() > rules_.policy.max_group_members) {
    refuse(delivery,
           {Reason::kGroupTooLarge,
            "a group may have " + std::to_string(rules_.policy.max_group_members) + " members"},
           nullptr, transaction);
    return;
  }
  const auto stored = std::make_shared<const Group>(std::move(update->group));
  const PartyId& id = stored->id;
  transaction.put(stored);
  const bool busy = fanout_.is_busy(id) || transaction.has_job_for(id);
  if (busy || update->notify.size() > settings_.fanout_slice) {
    put_job({.app = stored->app,
             .group = id,
             .message = {},
             .notice = std::move(update->notice),
             .members = std::move(update->notify)},
            transaction);
  } else {
    std::vector<std::string> keys;
    for (const PartyId& member : update->notify)
      append(keys, group_updated_keys(settings_.topics, member, id));
    publish(std::move(keys), std::move(update->notice), transaction);
  }
  probe_.counted(Outcome::kGroupUpdated);
}

void Pipeline::refuse_message(const Delivery& delivery, const Refusal& refusal, const Address& address,
                              const Draft& draft, Transaction& transaction) {
  // Of limits and bans the moment decides, and to replay what they stopped is to pass them by. A letter for
  // each would let one who is to be stopped write as much as before, and push others' letters out.
  if (refusal.reason == Reason::kRateLimited || refusal.reason == Reason::kBanned) {
    log_.info("message refused", {{"reason", std::string(code_of(refusal.reason))}});
    return say_refused(delivery, refusal, &address, transaction);
  }
  const MessageId letter{keep_letter(delivery, refusal, transaction)};
  if (delivery.client_id.empty()) {
    remember(delivery, draft, address, letter, transaction);
  } else {
    remember_publication(delivery, letter, transaction);
  }
  say_refused(delivery, refusal, &address, transaction);
}

void Pipeline::refuse(const Delivery& delivery, const Refusal& refusal, const Address* address,
                      Transaction& transaction) {
  keep_letter(delivery, refusal, transaction);
  say_refused(delivery, refusal, address, transaction);
}

/// Returns its id.
std::string Pipeline::keep_letter(const Delivery& delivery, const Refusal& refusal,
                                  Transaction& transaction) {
  const std::string code(code_of(refusal.reason));
  DeadLetter letter{.id = ids_.uuid(),
                    .at = clock_.now(),
                    .reason = code,
                    .detail = refusal.detail,
                    .exchange = delivery.exchange,
                    .routing_key = delivery.routing_key,
                    .payload = delivery.payload.substr(0, settings_.max_message_bytes),
                    .payload_bytes = delivery.payload_bytes};
  log_.warn("delivery refused", {{"reason", code},
                                 {"detail", refusal.detail},
                                 {"dead_letter", letter.id},
                                 {"bytes", std::to_string(delivery.payload_bytes)}});
  std::string id = letter.id;
  transaction.put(std::move(letter));
  return id;
}

void Pipeline::say_refused(const Delivery& delivery, const Refusal& refusal, const Address* address,
                           Transaction& transaction) {
  verdict_.refusal = refusal;
  probe_.counted(Outcome::kRefused);
  probe_.refused(refusal.reason);
  if (address != nullptr) tell_refused(delivery, refusal, *address, transaction);
}

/// PROTOCOL 12, where the sender is known.
void Pipeline::tell_refused(const Delivery& delivery, const Refusal& refusal, const Address& address,
                            Transaction& transaction) {
  if (address.operation == Operation::kBlockUpdate) {
    publish(block_updated_keys(settings_.topics, address.owner, address.peer),
            block_refusal_notice(address.peer, refusal), transaction);
  }
  if (address.operation != Operation::kSend) return;
  const auto temp_uid = refusal.reason == Reason::kTooLarge ? std::nullopt : temp_uid_of(delivery.payload);
  auto notice = refusal_notice(settings_.topics, address.owner, address.peer, temp_uid, refusal);
  if (!notice) return;
  publish(std::move(notice->keys), std::move(notice->payload), transaction);
}

void Pipeline::publish(std::vector<std::string> keys, std::string payload, Transaction& transaction) {
  const auto shared = std::make_shared<const std::string>(std::move(payload));
  for (std::string& key : keys) {
    // What the broker's protocol cannot carry would cost the connection, again with each redelivery.
    if (key.size() <= kMaxKeyBytes) transaction.publish({std::move(key), shared});
  }
}

/// The letter goes in the commit of its own replay. One that names a letter of another topic is no replay of
/// ours.
void Pipeline::forget_replayed(const Delivery& delivery, Transaction& transaction) {
  const auto letter = store_.dead_letter(delivery.replay_of);
  if (letter && letter->routing_key == delivery.routing_key) transaction.remove_dead_letter(letter->id);
}

std::shared_ptr<const Group> Pipeline::group(const PartyId& id, const Transaction& transaction) {
  if (auto written = transaction.written_group(id)) return written;
  if (const auto* cached = groups_.find(id)) return *cached;
  auto stored = store_.group(settings_.topics.app, id);
  auto found = stored ? std::make_shared<const Group>(*std::move(stored)) : nullptr;
  groups_.put(id, found, bytes_of(id, found.get()));
  return found;
}

std::optional<Millis>& Pipeline::newest(const PartyId& owner, const PartyId& peer) {
  const TimelineKey key = clock_key(settings_.topics.app, owner, peer);
  if (auto* const cached = newest_.find(key)) return *cached;
  newest_.put(key, store_.newest_timestamp({settings_.topics.app, owner, peer}));
  return *newest_.find(key);
}

void Pipeline::note_newest(const PartyId& owner, const PartyId& peer, Millis timestamp) {
  std::optional<Millis>& so_far = newest(owner, peer);
  so_far = std::max(so_far.value_or(timestamp), timestamp);
}

const Commit& Pipeline::prepare(Transaction& transaction, Commit& chores) {
  Commit& commit = transaction.seal();
  append(commit.forgotten_fingerprints, chores.forgotten_fingerprints);
  append(commit.job_progress, chores.job_progress);
  append(commit.finished_jobs, chores.finished_jobs);
  chores = {};
  if (!commit.empty()) commit.sequence_floor = ids_.next_floor();
  return commit;
}

std::vector<std::uint64_t> Pipeline::committed(const Transaction& transaction) {
  const Commit& commit = transaction.sealed();
  if (!commit.empty()) {
    sanctions_.committed(commit);
    if (listener_ != nullptr) listener_->committed(commit);
  }
  for (const auto& [id, written] : transaction.written_groups())
    groups_.put(id, written, bytes_of(id, written.get()));
  for (const FanoutJob& job : commit.jobs) fanout_.add(job);
  std::vector<std::uint64_t> fingerprints = transaction.matched_fingerprints();
  for (const FingerprintRow& row : commit.fingerprints) {
    fingerprints.push_back(row.sequence);
    ledger_.committed(row);
  }
  return fingerprints;
}

std::vector<std::uint64_t> Pipeline::commit(Transaction& transaction, Commit& chores) {
  if (const Commit& commit = prepare(transaction, chores); !commit.empty()) store_.commit(commit);
  return committed(transaction);
}

void Pipeline::session_lost() {
  ledger_.session_lost();
  fanout_.session_lost();
}

}  // namespace inboxd
