#include <chrono>
#include <utility>

#include "core/message.hpp"
#include "core/policy_update.hpp"
#include "core/screening.hpp"
#include "engine/pipeline.hpp"

/// What the pipeline asks and writes for the sake of policies: who is blocked, banned or over a limit, which
/// filters there are, what the policy hook says (docs/policies.md).
namespace inboxd {

std::shared_ptr<const Consultations::Question> Pipeline::consult(const Delivery& delivery, bool from_admin,
                                                                 Consultations& consultations) {
  const auto asked = hooks_business(delivery, from_admin, Transaction(store_));
  if (!asked) return nullptr;
  const auto& [address, draft] = *asked;
  return consultations.ask({.app = settings_.topics.app.view(),
                            .sender = address.owner.view(),
                            .recipient = address.peer.view(),
                            .group = is_for_group(draft, address.peer),
                            .message = delivery.payload});
}

bool Pipeline::must_consult(const Delivery& delivery, bool from_admin, const Transaction& transaction) {
  return hooks_business(delivery, from_admin, transaction).has_value();
}

/// What the hook is to be asked about it, if anything.
std::optional<std::pair<Address, Draft>> Pipeline::hooks_business(const Delivery& delivery, bool from_admin,
                                                                  const Transaction& transaction) {
  const bool readable = !is_foreign(delivery) && delivery.queue == Queue::kMessages &&
                        delivery.payload_bytes <= settings_.max_message_bytes;
  if (!readable) return std::nullopt;
  auto address = parse_routing_key(delivery.routing_key, settings_.topics);
  if (!address || address->operation != Operation::kSend || address->owner.view() == kSystemSender) {
    return std::nullopt;
  }
  auto draft = read_draft(delivery.payload);
  if (!draft || will_be_refused(*address, *draft, from_admin, transaction)) return std::nullopt;
  const AppId& app = settings_.topics.app;
  const auto earlier =
      draft->temp_uid
          ? transaction.idempotent({app, address->owner, address->peer, *draft->temp_uid}, clock_.now())
          : std::nullopt;
  // One that was refused is no answer.
  if (earlier && transaction.message(app, *earlier)) return std::nullopt;
  return std::pair(*std::move(address), *std::move(draft));
}

/// As far as can be told before its turn. Who is over a limit for a moment only may send when it comes.
bool Pipeline::will_be_refused(const Address& address, const Draft& draft, bool from_admin,
                               const Transaction& transaction) {
  constexpr std::chrono::seconds kMoment{1};
  const auto stored_group = is_for_group(draft, address.peer) ? group(address.peer, transaction) : nullptr;
  PolicyState state = policy_state(address.owner, transaction);
  if (is_limited(address.owner, from_admin)) {
    const auto wait = limiter_.wait(address.owner, address.peer, clock_.steady());
    if (wait > kMoment) state.retry_after = 1;
  }
  return admit(address, draft, state, stored_group.get(), rules_.policy).has_value();
}

/// Valid until the next call, and as long as the transaction.
PolicyState Pipeline::policy_state(const PartyId& sender, const Transaction& transaction) {
  filter_ = filter_source_ == nullptr ? nullptr : filter_source_->current();
  PolicyState state;
  state.ban = sanctions_.ban(sender, transaction);
  state.blocked_by = [this, &transaction, sender](const PartyId& owner) {
    return sanctions_.blocks(owner, sender, transaction);
  };
  state.filter = filter_.get();
  return state;
}

bool Pipeline::is_limited(const PartyId& sender, bool from_admin) const {
  const RateLimits& limits = settings_.limits;
  return limits.any() && !limits.exempt.contains(sender) && !(limits.admins_exempt && from_admin);
}

bool Pipeline::blocks_either_way(const PartyId& one, const PartyId& other, const Transaction& transaction) {
  return sanctions_.blocks(one, other, transaction) || sanctions_.blocks(other, one, transaction);
}

void Pipeline::count_matches(const std::vector<FilterMatch>& matches) {
  for (const FilterMatch& match : matches) probe_.filtered(match.rule, match.action);
}

void Pipeline::update_block(const Delivery& delivery, const Address& address, Transaction& transaction) {
  const auto blocked = read_block_update(delivery.payload);
  if (!blocked) return refuse(delivery, blocked.error(), &address, transaction);
  if (auto problem = block(address, *blocked, transaction)) {
    return refuse(delivery, *problem, &address, transaction);
  }
  publish(block_updated_keys(settings_.topics, address.owner, address.peer),
          block_notice(address.peer, *blocked, clock_.now()), transaction);
  probe_.counted(Outcome::kBlock);
}

/// Writes it, where that changes anything, or says why not.
std::optional<Refusal> Pipeline::block(const Address& address, bool blocked, Transaction& transaction) {
  const AppId& app = settings_.topics.app;
  BlockRow row{app, address.owner, address.peer, clock_.now()};
  // The store's own word: by one that is half a second old, what another instance changed since would stay
  // unsaid.
  const bool before = transaction.written_block(address.owner, address.peer)
                          .value_or(store_.block(app, address.owner, address.peer).has_value());
  if (!blocked) {
    if (before) transaction.remove(std::move(row));
    return std::nullopt;
  }
  if (auto problem = block_problem(address.owner, address.peer)) return problem;
  if (!keys_fit(settings_.topics, address.owner.view(), address.peer.view())) {
    return Refusal{Reason::kKeyTooLong, "the two ids make topics of more than 255 bytes"};
  }
  if (before) return std::nullopt;
  const std::size_t most = rules_.policy.max_blocks;
  if (transaction.blocks_by(app, address.owner, most) >= most) {
    return Refusal{Reason::kTooManyBlocks, "a user may block " + std::to_string(most) + " others"};
  }
  transaction.put(std::move(row));
  return std::nullopt;
}

void Pipeline::update_ban(const Delivery& delivery, const Address& address, Transaction& transaction) {
  const auto update = read_ban_update(delivery.payload);
  if (!update) return refuse(delivery, update.error(), &address, transaction);
  if (update->banned && address.peer.view() == kSystemSender) {
    return refuse(delivery, {Reason::kNotAllowed, "the system cannot be banned"}, &address, transaction);
  }
  BanRow row{settings_.topics.app, address.peer, update->reason, clock_.now(), update->until};
  if (update->banned) {
    transaction.put(std::move(row));
  } else {
    transaction.remove(std::move(row));
  }
  probe_.counted(Outcome::kBan);
}

}  // namespace inboxd
