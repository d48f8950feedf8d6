#include "core/receipt.hpp"

#include <utility>

#include "core/json.hpp"
#include "core/message.hpp"

namespace inboxd {
namespace {

/// What the sender sees of a reader's status.
Status told_status(Status said) noexcept { return said == Status::kSeen ? said : Status::kReturnReceipt; }

std::string patch_of(const PartyId& inbox, std::string_view id, Status status, const PartyId* by) {
  json::ObjectWriter writer(160);
  writer.string("timelineOf", inbox.view())
      .string("message_id", id)
      .integer("status", static_cast<int>(status));
  if (by != nullptr) writer.string("by", by->view());
  return writer.finish();
}

/// Under the message's id, and under its tempUID too: clients match either with what they hold.
std::vector<Notice> tell_sender(const PartyId& reader, Status status, const StoredMessage& message,
                                const Topics& topics) {
  const PartyId& peer = message.group ? message.recipient : reader;
  const PartyId* const by = message.group ? &reader : nullptr;
  std::vector<Notice> notices;
  const auto tell = [&](std::string_view id) {
    auto keys = message_updated_keys(topics, message.sender, peer, id);
    std::erase_if(keys, [](const std::string& key) { return key.size() > kMaxKeyBytes; });
    if (!keys.empty()) notices.push_back({std::move(keys), patch_of(message.sender, id, status, by)});
  };
  tell(message.id.view());
  const auto temp_uid = temp_uid_of(message.json);
  if (temp_uid && *temp_uid != message.id.view() && is_valid_id(*temp_uid) && !is_reserved(*temp_uid)) {
    tell(*temp_uid);
  }
  return notices;
}

/// Counts a member once for each of the two, however often he says so.
void count(TimelineRow& row, Status before, Status said) {
  if (before < Status::kReceived) ++row.received;
  if (said == Status::kSeen && before < Status::kSeen) ++row.seen;
}

void raise(TimelineRow& row, Status status) {
  if (row.status < status) row.status = status;
}

}  // namespace

Result<std::optional<Status>, Refusal> read_receipt(std::string_view payload) {
  const auto fields = json::parse_object(payload);
  if (!fields) return Failure<Refusal>(fields.error());
  const auto raw = fields->find_value("status");
  if (!raw || !json::is_number(*raw)) {
    return bad_field("a receipt must have a status, a number");
  }
  const auto number = json::integer_value(*raw);
  const auto status = number ? status_from(*number) : std::nullopt;
  const bool is_receipt = status == Status::kReceived || status == Status::kSeen;
  return is_receipt ? status : std::nullopt;
}

Result<ReceiptEffects, Refusal> decide_receipt(const PartyId& reader, Status status,
                                               const ReceiptState& state, const Topics& topics) {
  const StoredMessage& message = state.message;
  if (!state.mine || reader == message.sender || (message.group && reader == message.recipient)) {
    return refuse(Reason::kNotAllowed, "only a recipient of the message can say so");
  }
  ReceiptEffects effects;
  const Status before = state.mine->status;
  const bool rises = before < status;
  if (!rises && !(state.redelivered && before == status)) return effects;
  const Status told = told_status(status);
  if (!state.blocked) effects.notices = tell_sender(reader, told, message, topics);
  if (!rises) return effects;

  TimelineRow mine = *state.mine;
  mine.status = status;
  effects.rows.push_back(std::move(mine));
  for (const auto& row : {state.theirs, state.group}) {
    if (!row || state.blocked) continue;
    TimelineRow raised = *row;
    raise(raised, told);
    if (message.group) count(raised, before, status);
    effects.rows.push_back(std::move(raised));
  }
  const PartyId& readers_peer = message.group ? message.recipient : message.sender;
  const PartyId& senders_peer = message.group ? message.recipient : reader;
  const std::string_view id = message.id.view();
  const auto event = [&](EventType type, const PartyId& inbox, const PartyId& peer, std::string_view patch) {
    effects.events.push_back(receipt_event(
        type, message, message_updated_keys(topics, inbox, peer, id).front(), patch, state.now));
  };
  event(EventType::kMessageReceived, reader, readers_peer, patch_of(reader, id, status, nullptr));
  if (state.blocked) return effects;
  event(EventType::kMessageReturnReceipt, message.sender, senders_peer,
        patch_of(message.sender, id, told, message.group ? &reader : nullptr));
  return effects;
}

}  // namespace inboxd
