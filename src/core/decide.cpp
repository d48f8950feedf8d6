#include "core/decide.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "core/json.hpp"
#include "core/screening.hpp"

namespace inboxd {
namespace {

TimelineRow row_of(const StoredMessage& message, const PartyId& owner, const PartyId& peer, Status status) {
  return {.timeline = {message.app, owner, peer},
          .timestamp = message.timestamp,
          .message = message.id,
          .status = status};
}

TimelineRow senders_row(const StoredMessage& message) {
  return row_of(message, message.sender, message.recipient, Status::kSent);
}

bool contains(const std::vector<PartyId>& ids, const PartyId& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

/// Who gets a copy of a group message besides the group's own timeline: the sender first, then the others.
struct Audience {
  bool sender = false;
  std::vector<PartyId> others;
};

Audience audience_of(const PartyId& sender, const PartyId& group_id, const Draft& draft,
                     const Group* stored) {
  const std::vector<PartyId>* members = nullptr;
  if (draft.group_members) {
    members = &*draft.group_members;
  } else if (stored != nullptr) {
    members = &stored->members;
  }
  // Both lists may be as long as a message allows.
  const std::unordered_set<std::string_view> hidden_ids(draft.hidden_for.begin(), draft.hidden_for.end());
  const auto hidden = [&](const PartyId& id) { return hidden_ids.contains(id.view()); };
  Audience audience;
  const bool stored_group_decides = members != nullptr && !draft.group_members;
  audience.sender = (!stored_group_decides || contains(*members, sender)) && !hidden(sender);
  if (members == nullptr) return audience;
  for (const PartyId& id : *members) {
    if (id != sender && id != group_id && !hidden(id)) audience.others.push_back(id);
  }
  return audience;
}

/// The recipient's comes first: he waits for it, while the sender's other devices need not hurry.
void add_direct_copies(Accepted& accepted) {
  const StoredMessage& message = accepted.message;
  accepted.copies.reserve(2);
  if (message.sender != message.recipient) {
    accepted.copies.push_back(
        {row_of(message, message.recipient, message.sender, Status::kDelivered), /*is_new=*/true});
  }
  accepted.copies.push_back({senders_row(message), /*is_new=*/false});
}

void add_group_copies(Accepted& accepted, Audience audience, bool busy, std::size_t slice) {
  const StoredMessage& message = accepted.message;
  accepted.copies.push_back(
      {row_of(message, message.recipient, message.recipient, Status::kSent), /*is_new=*/true});
  if (audience.sender) accepted.copies.push_back(member_copy(message, message.sender));
  accepted.message.deferred_fanout = !audience.others.empty() && (busy || audience.others.size() > slice);
  if (accepted.message.deferred_fanout) {
    accepted.deferred = std::move(audience.others);
    return;
  }
  for (const PartyId& member : audience.others) accepted.copies.push_back(member_copy(message, member));
}

bool all_keys_fit(const Topics& topics, const PartyId& peer, const std::vector<PartyId>& owners) {
  return std::all_of(owners.begin(), owners.end(),
                     [&](const PartyId& owner) { return keys_fit(topics, owner.view(), peer.view()); });
}

Refusal keys_too_long() {
  return {Reason::kKeyTooLong, "the ids of sender, recipient and members make topics of more than 255 bytes"};
}

Decision refused(Refusal refusal) { return {.outcome = std::move(refusal), .matches = {}}; }

/// The inboxes that the message goes to, but for those whose owners block its sender.
void withhold_blocked(Accepted& accepted, const PolicyState& policy) {
  const PartyId& sender = accepted.message.sender;
  const auto blocks = [&](const PartyId& owner) { return is_blocked(policy, owner, sender); };
  accepted.withheld +=
      std::erase_if(accepted.copies, [&](const Copy& copy) { return blocks(copy.row.timeline.owner); });
  accepted.withheld += std::erase_if(accepted.deferred, blocks);
  accepted.message.deferred_fanout = !accepted.deferred.empty();
}

/// Leaves the sender's own copy alone.
void shadow(Accepted& accepted) {
  std::erase_if(accepted.copies,
                [&](const Copy& copy) { return copy.row.timeline.owner != accepted.message.sender; });
  accepted.deferred.clear();
  accepted.message.deferred_fanout = false;
  accepted.message.shadowed = true;
}

StoredMessage new_message(const Address& address, const Draft& draft, const SendState& state,
                          const Rules& rules) {
  const Millis timestamp = assign_timestamp(draft.timestamp, state.newest, state.now);
  return {
      .id = state.fresh_id,
      .app = rules.topics.app,
      .sender = address.owner,
      .recipient = address.peer,
      .timestamp = timestamp,
      .group = is_for_group(draft, address.peer),
      .json = compose_body(draft, state.fresh_id, rules.topics.app, address.owner, address.peer, timestamp)};
}

/// A back end's message that the store does not know, where no policy refuses it.
Result<StoredMessage, Refusal> judge_backend(const BackendMessage& message, const PolicyState& policy,
                                             const Rules& rules, std::vector<FilterMatch>& matches) {
  const bool group = is_for_group(message.draft, message.recipient);
  const bool spared = message.sender.view() == kSystemSender;
  if (policy.ban && !spared) return Failure<Refusal>(refusal_of(*policy.ban));
  auto screened =
      screen_content(content_of(rules.topics.app, message.sender, message.recipient, message.draft),
                     message.draft, spared ? nullptr : policy.filter, matches);
  if (!screened) return Failure<Refusal>(std::move(screened.error()));
  const Draft& draft = screened->draft ? *screened->draft : message.draft;
  return StoredMessage{.id = message.id,
                       .app = rules.topics.app,
                       .sender = message.sender,
                       .recipient = message.recipient,
                       .timestamp = message.timestamp,
                       .group = group,
                       .shadowed = screened->shadowed,
                       .json = compose_body(draft, message.id, rules.topics.app, message.sender,
                                            message.recipient, message.timestamp)};
}

/// Makes the copies of a message that no policy refuses.
std::variant<Accepted, Refusal> accept(const Address& address, const Draft& draft, bool shadowed,
                                       const SendState& state, const Rules& rules) {
  Accepted accepted;
  accepted.message = new_message(address, draft, state, rules);
  accepted.updates_conversations = draft.updates_conversation;
  if (accepted.message.group) {
    Audience audience = audience_of(address.owner, address.peer, draft, state.group.get());
    if (!all_keys_fit(rules.topics, address.peer, audience.others)) return keys_too_long();
    add_group_copies(accepted, std::move(audience), state.group_is_busy, rules.fanout_slice);
  } else {
    add_direct_copies(accepted);
  }
  if (shadowed) {
    shadow(accepted);
  } else {
    withhold_blocked(accepted, state.policy);
  }
  return accepted;
}

}  // namespace

Copy member_copy(const StoredMessage& message, const PartyId& member) {
  return {row_of(message, member, message.recipient, Status::kDelivered), member != message.sender};
}

Decision decide_send(const Address& address, const Draft& draft, const SendState& state, const Rules& rules) {
  Decision decision;
  const bool to_group = is_for_group(draft, address.peer);
  // A group's own timeline has the group on both sides.
  const PartyId& longer =
      to_group && address.peer.view().size() > address.owner.view().size() ? address.peer : address.owner;
  if (!keys_fit(rules.topics, longer.view(), address.peer.view())) return refused(keys_too_long());
  if (auto refusal = admit(address, draft, state.policy, state.group.get(), rules.policy)) {
    return refused(*std::move(refusal));
  }
  auto screened = screen(rules.topics.app, address, draft, state.policy, rules.policy, decision.matches);
  decision.outcome =
      screened ? accept(address, screened->draft ? *screened->draft : draft, screened->shadowed, state, rules)
               : std::move(screened.error());
  return decision;
}

Repeated decide_repeat(const Address& address, const Draft& draft, StoredMessage earlier,
                       bool may_be_unpublished, const std::shared_ptr<const Group>& group) {
  Repeated repeated{.message = std::move(earlier), .announce = {}};
  const StoredMessage& message = repeated.message;
  if (!is_for_group(draft, address.peer)) {
    repeated.announce.push_back(senders_row(message));
    if (may_be_unpublished && message.sender != message.recipient) {
      repeated.announce.push_back(row_of(message, message.recipient, message.sender, Status::kDelivered));
    }
    return repeated;
  }
  repeated.announce.push_back(member_copy(message, message.sender).row);
  if (!may_be_unpublished) return repeated;
  repeated.announce.push_back(row_of(message, message.recipient, message.recipient, Status::kSent));
  if (message.deferred_fanout) return repeated;
  const Audience audience = audience_of(message.sender, message.recipient, draft, group.get());
  for (const PartyId& member : audience.others) repeated.announce.push_back(member_copy(message, member).row);
  return repeated;
}

Decision decide_backend(const Address& address, const BackendMessage& message,
                        std::optional<StoredMessage> stored, const PolicyState& policy, const Rules& rules) {
  const bool delivers = address.operation == Operation::kDeliver;
  if (delivers && message.status != Status::kDelivered) {
    return refused({Reason::kBadStatus, "only messages of status 150 can be put into an inbox"});
  }
  // Of a message that is stored, the sender is not the payload's to say.
  const PartyId& sender = stored ? stored->sender : message.sender;
  const bool own = sender == address.owner;
  const Status status = message.status.value_or(own ? Status::kSent : Status::kDelivered);
  if (status == Status::kFailed || status == Status::kSending) {
    return refused({Reason::kBadStatus, "a stored message was sent: its status is 100 or more"});
  }
  if (!keys_fit(rules.topics, address.owner.view(), address.peer.view())) return refused(keys_too_long());
  if (is_blocked(policy, address.owner, sender)) {
    return refused({Reason::kBlocked, "the owner of the inbox blocks its sender"});
  }

  Decision decision;
  Accepted accepted;
  if (stored) {
    accepted.message = *std::move(stored);
  } else {
    auto judged = judge_backend(message, policy, rules, decision.matches);
    if (!judged) {
      decision.outcome = std::move(judged.error());
      return decision;
    }
    accepted.message = *std::move(judged);
  }
  if (accepted.message.shadowed && !own) {
    decision.outcome = Refusal{Reason::kFiltered, "a filter keeps it from everyone but its sender"};
    return decision;
  }
  TimelineRow row = row_of(accepted.message, address.owner, address.peer, status);
  row.history = message.draft.history;
  row.silent = message.draft.silent;
  accepted.copies.push_back({std::move(row), /*is_new=*/!own});
  accepted.updates_conversations = message.draft.updates_conversation;
  accepted.announce = delivers;
  decision.outcome = std::move(accepted);
  return decision;
}

std::optional<Notice> refusal_notice(const Topics& topics, const PartyId& sender, const PartyId& peer,
                                     const std::optional<std::string>& temp_uid, const Refusal& refusal) {
  // A reserved word would turn the topic into one that the engine itself listens to.
  const bool usable = temp_uid && is_valid_id(*temp_uid) && !is_reserved(*temp_uid);
  const std::string id = usable ? *temp_uid : "-";
  std::vector<std::string> keys = message_updated_keys(topics, sender, peer, id);
  std::erase_if(keys, [](const std::string& key) { return key.size() > kMaxKeyBytes; });
  if (keys.empty()) return std::nullopt;
  json::ObjectWriter error;
  error.string("code", told_code(refusal)).string("message", told_detail(refusal));
  if (refusal.retry_after) error.integer("retry_after", *refusal.retry_after);
  std::string payload = json::ObjectWriter()
                            .string("message_id", id)
                            .string("timelineOf", sender.view())
                            .integer("status", static_cast<int>(Status::kFailed))
                            .raw("error", error.finish())
                            .finish();
  return Notice{std::move(keys), std::move(payload)};
}

}  // namespace inboxd
