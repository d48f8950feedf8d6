#include "engine/copy_writer.hpp"

#include <utility>

#include "core/conversation.hpp"
#include "core/message.hpp"

namespace inboxd {

void CopyWriter::store(Copy copy, bool updates_conversation) {
  note_arrival(copy, updates_conversation);
  transaction_.put(std::move(copy.row));
}

void CopyWriter::deliver(Copy copy, bool updates_conversation) {
  note_arrival(copy, updates_conversation);
  announce(copy.row);
  tell_back_ends(copy.row);
  transaction_.put(std::move(copy.row));
}

void CopyWriter::note_arrival(const Copy& copy, bool updates_conversation) {
  if (updates_conversation) touch_conversation(copy);
  transaction_.put(ArrivalRow{ids_.sequence(), copy.row.timeline, copy.row.timestamp, copy.row.message});
}

void CopyWriter::tell_back_ends(const TimelineRow& row) {
  if (message_.shadowed) return;
  const auto type = arrival_type(message_, row);
  if (!type || !events_.wants(*type)) return;
  events_.write(arrival_event(*type, topics_, message_, row, *rendered(row), events_.now()), transaction_);
}

void CopyWriter::announce(const TimelineRow& row) {
  const auto& payload = rendered(row);
  for (std::string& key : message_added_keys(topics_, row.timeline.owner, row.timeline.peer)) {
    // Ids were checked when they came in; a longer PATH_PREFIX since then cannot be cured by failing for
    // ever.
    if (key.size() <= kMaxKeyBytes) transaction_.publish({std::move(key), payload});
  }
}

void CopyWriter::touch_conversation(const Copy& copy) {
  const auto before = transaction_.conversation(copy.row.timeline);
  auto after = touched(before, copy.row, message_, copy.is_new);
  if (!after) return;
  constexpr EventType kUnarchived = EventType::kConversationUnarchived;
  if (before && before->archived && !message_.shadowed && events_.wants(kUnarchived)) {
    const auto last = after->last_message == message_.id
                          ? std::optional(message_)
                          : transaction_.message(after->key.app, after->last_message);
    const auto keys = message_added_keys(topics_, copy.row.timeline.owner, copy.row.timeline.peer);
    if (last && !last->shadowed) {
      events_.write(conversation_event(kUnarchived, *after, keys.front(), render_conversation(*after, *last),
                                       events_.now()),
                    transaction_);
    }
  }
  transaction_.put(*std::move(after));
}

const std::shared_ptr<const std::string>& CopyWriter::rendered(const TimelineRow& row) {
  const Look look{row.status, row.history, row.silent, row.received, row.seen};
  if (look_ != look) {
    payload_ = std::make_shared<const std::string>(render_copy(message_, row));
    look_ = look;
  }
  return payload_;
}

}  // namespace inboxd
