#include <algorithm>
#include <utility>

#include "core/conversation.hpp"
#include "core/event.hpp"
#include "core/fingerprint.hpp"
#include "core/presence.hpp"
#include "core/receipt.hpp"
#include "engine/pipeline.hpp"

/// What clients say besides messages: receipts, conversations, presence (PROTOCOL 5 and 6).
namespace inboxd {
namespace {

constexpr std::size_t kPresencePage = 500;

TimelineRow place(const StoredMessage& message, const PartyId& owner, const PartyId& peer) {
  return {.timeline = {message.app, owner, peer}, .timestamp = message.timestamp, .message = message.id};
}

}  // namespace

/// By its id, or by the tempUID that one of the web apps knows it by.
std::optional<StoredMessage> Pipeline::received_message(const Address& address,
                                                        const Transaction& transaction) const {
  const AppId& app = settings_.topics.app;
  const auto is_the_readers = [&](const StoredMessage& message) {
    return transaction.row(place(message, address.owner, address.peer)).has_value();
  };
  auto message = transaction.message(app, MessageId{address.item});
  if (message && is_the_readers(*message)) return message;
  // In a direct conversation the reader is the recipient; in a group the group is, whoever sent it.
  for (const PartyId& recipient : {address.owner, address.peer}) {
    for (const MessageId& id : transaction.idempotent_to(app, recipient, address.item, clock_.now())) {
      message = transaction.message(app, id);
      if (message && is_the_readers(*message)) return message;
    }
  }
  return std::nullopt;
}

void Pipeline::receipt(const Delivery& delivery, const Address& address, Transaction& transaction) {
  const auto status = read_receipt(delivery.payload);
  if (!status) return refuse(delivery, status.error(), &address, transaction);
  if (!*status) return probe_.counted(Outcome::kIgnored);
  auto message = received_message(address, transaction);
  if (!message) {
    return refuse(delivery, {Reason::kNotFound, "there is no such message in this conversation"}, &address,
                  transaction);
  }
  ReceiptState state{
      .message = *std::move(message), .redelivered = delivery.redelivered, .now = clock_.now()};
  const StoredMessage& known = state.message;
  state.mine = transaction.row(place(known, address.owner, address.peer));
  state.theirs = transaction.row(place(known, known.sender, known.group ? known.recipient : address.owner));
  if (known.group) state.group = transaction.row(place(known, known.recipient, known.recipient));
  state.blocked = blocks_either_way(address.owner, known.sender, transaction);
  auto effects = decide_receipt(address.owner, **status, state, settings_.topics);
  if (!effects) return refuse(delivery, effects.error(), &address, transaction);
  probe_.counted(effects->notices.empty() && effects->rows.empty() ? Outcome::kIgnored : Outcome::kReceipt);
  for (TimelineRow& row : effects->rows) transaction.put(std::move(row));
  for (Notice& notice : effects->notices)
    publish(std::move(notice.keys), std::move(notice.payload), transaction);
  for (Event& event : effects->events) events_.write(std::move(event), transaction);
}

void Pipeline::update_conversation(const Delivery& delivery, const Address& address,
                                   Transaction& transaction) {
  const auto row = transaction.conversation({settings_.topics.app, address.owner, address.peer});
  if (!row) {
    return refuse(delivery, {Reason::kNotFound, "there is no such conversation"}, &address, transaction);
  }
  auto result = patched(*row, delivery.payload, settings_.max_message_bytes);
  if (!result) return refuse(delivery, result.error(), &address, transaction);
  publish(conversation_updated_keys(settings_.topics, address.owner, address.peer), std::move(result->notice),
          transaction);
  transaction.put(std::move(result->row));
  probe_.counted(Outcome::kConversation);
}

void Pipeline::archive_conversation(const Address& address, Transaction& transaction) {
  const auto before = transaction.conversation({settings_.topics.app, address.owner, address.peer});
  const auto last = before ? transaction.message(settings_.topics.app, before->last_message) : std::nullopt;
  // PROTOCOL 6: archiving one that does not exist does nothing.
  if (!before || !last) return probe_.counted(Outcome::kIgnored);
  ConversationRow row = *before;
  row.archived = true;
  std::string document = render_conversation(row, *last);
  constexpr EventType kArchived = EventType::kConversationArchived;
  // The document holds its last message, and of one that is shadowed no back end is told.
  if (!before->archived && !last->shadowed && events_.wants(kArchived)) {
    events_.write(
        conversation_event(kArchived, row, archive_key(settings_.topics, address.owner, address.peer),
                           document, clock_.now()),
        transaction);
  }
  auto keys = conversation_deleted_keys(settings_.topics, address.owner, address.peer);
  for (std::string& key : archived_conversation_added_keys(settings_.topics, address.owner, address.peer)) {
    keys.push_back(std::move(key));
  }
  publish(std::move(keys), std::move(document), transaction);
  transaction.put(std::move(row));
  probe_.counted(Outcome::kConversation);
}

void Pipeline::presence(const Delivery& delivery, const Address& address, Transaction& transaction) {
  if (!settings_.presence) return probe_.counted(Outcome::kIgnored);
  const auto said = read_presence(delivery.payload);
  if (!said) return refuse(delivery, said.error(), &address, transaction);
  const AppId& app = settings_.topics.app;
  const PresenceRow connection{app, address.owner, address.item, clock_.now()};
  put_presence(address.owner, decide_presence(connection, *said, transaction.presence(app, address.owner)),
               transaction);
  probe_.counted(Outcome::kPresence);
}

void Pipeline::put_presence(const PartyId& user, const PresenceEffects& effects, Transaction& transaction) {
  const AppId& app = settings_.topics.app;
  transaction.put(app, user, effects);
  if (effects.online) events_.write(presence_event(app, user, *effects.online, clock_.now()), transaction);
}

bool Pipeline::expire_presence(Transaction& transaction) {
  const Millis horizon = clock_.now() - settings_.presence_ttl.count();
  const auto page = store_.presence_page(presence_cursor_, kPresencePage);
  for (const PresenceRow& row : page) {
    if (row.last_seen >= horizon) continue;
    put_presence(row.user, inboxd::expire_presence(transaction.presence(row.app, row.user), horizon),
                 transaction);
  }
  const bool more = page.size() == kPresencePage;
  presence_cursor_ = more ? std::optional(page.back()) : std::nullopt;
  return more;
}

/// PROTOCOL 1: what the reference engine left in its queue `webhooks` goes out through our outbox.
void Pipeline::hand_over(const Delivery& delivery, Transaction& transaction) {
  auto event = handed_over_event(delivery.routing_key, delivery.payload, settings_.topics, clock_.now());
  if (!event) return refuse(delivery, event.error(), nullptr, transaction);
  const Fingerprint fingerprint = fingerprint_of(delivery.routing_key, delivery.payload);
  if (const auto known = delivery.redelivered ? ledger_.match(fingerprint) : std::nullopt) {
    transaction.matched(known->sequence);
    return probe_.counted(Outcome::kIgnored);
  }
  transaction.put(FingerprintRow{ledger_.next_sequence(), fingerprint, settings_.topics.app, {}});
  events_.write(*std::move(event), transaction);
  probe_.counted(Outcome::kHandedOver);
}

}  // namespace inboxd
