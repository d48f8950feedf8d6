#include "core/decide.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "core/json.hpp"

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

}  // namespace

Copy member_copy(const StoredMessage& message, const PartyId& member) {
  return {row_of(message, member, message.recipient, Status::kDelivered), member != message.sender};
}

std::variant<Accepted, Refusal> decide_send(const Address& address, const Draft& draft,
                                            const SendState& state, const Rules& rules) {
  const PartyId& sender = address.owner;
  const PartyId& recipient = address.peer;
  const bool to_group = is_for_group(draft, recipient);
  // A group's own timeline has the group on both sides.
  const PartyId& longer = to_group && recipient.view().size() > sender.view().size() ? recipient : sender;
  if (!keys_fit(rules.topics, longer.view(), recipient.view())) return keys_too_long();

  Accepted accepted;
  const Millis timestamp = assign_timestamp(draft.timestamp, state.newest, state.now);
  accepted.message = {
      .id = state.fresh_id,
      .app = rules.topics.app,
      .sender = sender,
      .recipient = recipient,
      .timestamp = timestamp,
      .group = to_group,
      .json = compose_body(draft, state.fresh_id, rules.topics.app, sender, recipient, timestamp)};
  accepted.updates_conversations = draft.updates_conversation;
  if (!to_group) {
    add_direct_copies(accepted);
    return accepted;
  }
  Audience audience = audience_of(sender, recipient, draft, state.group.get());
  if (!all_keys_fit(rules.topics, recipient, audience.others)) return keys_too_long();
  add_group_copies(accepted, std::move(audience), state.group_is_busy, rules.fanout_slice);
  return accepted;
}

Repeated decide_repeat(const Address& address, const Draft& draft, StoredMessage earlier, bool redelivered,
                       const std::shared_ptr<const Group>& group) {
  Repeated repeated{.message = std::move(earlier), .announce = {}};
  const StoredMessage& message = repeated.message;
  if (!is_for_group(draft, address.peer)) {
    repeated.announce.push_back(senders_row(message));
    if (redelivered && message.sender != message.recipient) {
      repeated.announce.push_back(row_of(message, message.recipient, message.sender, Status::kDelivered));
    }
    return repeated;
  }
  repeated.announce.push_back(member_copy(message, message.sender).row);
  if (!redelivered) return repeated;
  repeated.announce.push_back(row_of(message, message.recipient, message.recipient, Status::kSent));
  if (message.deferred_fanout) return repeated;
  const Audience audience = audience_of(message.sender, message.recipient, draft, group.get());
  for (const PartyId& member : audience.others) repeated.announce.push_back(member_copy(message, member).row);
  return repeated;
}

std::variant<Accepted, Refusal> decide_backend(const Address& address, const BackendMessage& message,
                                               std::optional<StoredMessage> stored, const Rules& rules) {
  const bool delivers = address.operation == Operation::kDeliver;
  if (delivers && message.status != Status::kDelivered) {
    return Refusal{Reason::kBadStatus, "only messages of status 150 can be put into an inbox"};
  }
  const bool own = message.sender == address.owner;
  const Status status = message.status.value_or(own ? Status::kSent : Status::kDelivered);
  if (status == Status::kFailed || status == Status::kSending) {
    return Refusal{Reason::kBadStatus, "a stored message was sent: its status is 100 or more"};
  }
  if (!keys_fit(rules.topics, address.owner.view(), address.peer.view())) return keys_too_long();

  Accepted accepted;
  if (stored) {
    accepted.message = *std::move(stored);
  } else {
    accepted.message = {.id = message.id,
                        .app = rules.topics.app,
                        .sender = message.sender,
                        .recipient = message.recipient,
                        .timestamp = message.timestamp,
                        .group = is_for_group(message.draft, message.recipient),
                        .json = compose_body(message.draft, message.id, rules.topics.app, message.sender,
                                             message.recipient, message.timestamp)};
  }
  TimelineRow row = row_of(accepted.message, address.owner, address.peer, status);
  row.history = message.draft.history;
  row.silent = message.draft.silent;
  accepted.copies.push_back({std::move(row), /*is_new=*/!own});
  accepted.updates_conversations = message.draft.updates_conversation;
  accepted.announce = delivers;
  return accepted;
}

std::optional<Notice> refusal_notice(const Topics& topics, const PartyId& sender, const PartyId& peer,
                                     const std::optional<std::string>& temp_uid, const Refusal& refusal) {
  // A reserved word would turn the topic into one that the engine itself listens to.
  const bool usable = temp_uid && is_valid_id(*temp_uid) && !is_reserved(*temp_uid);
  const std::string id = usable ? *temp_uid : "-";
  std::vector<std::string> keys = message_updated_keys(topics, sender, peer, id);
  std::erase_if(keys, [](const std::string& key) { return key.size() > kMaxKeyBytes; });
  if (keys.empty()) return std::nullopt;
  const std::string error =
      json::ObjectWriter().string("code", code_of(refusal.reason)).string("message", refusal.detail).finish();
  std::string payload = json::ObjectWriter()
                            .string("message_id", id)
                            .string("timelineOf", sender.view())
                            .integer("status", static_cast<int>(Status::kFailed))
                            .raw("error", error)
                            .finish();
  return Notice{std::move(keys), std::move(payload)};
}

}  // namespace inboxd
