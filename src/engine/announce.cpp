#include "engine/announce.hpp"

#include <utility>

#include "core/conversation.hpp"
#include "core/message.hpp"

namespace inboxd {

void Announcer::announce(const TimelineRow& row) {
  const bool same = rendered_for_ && rendered_for_->status == row.status &&
                    rendered_for_->history == row.history && rendered_for_->silent == row.silent;
  if (!same) {
    payload_ = std::make_shared<const std::string>(render_copy(message_, row));
    rendered_for_ = row;
  }
  for (std::string& key : message_added_keys(topics_, row.timeline.owner, row.timeline.peer)) {
    // Ids were checked when they came in; a longer PATH_PREFIX since then cannot be cured by failing for
    // ever.
    if (key.size() <= kMaxKeyBytes) transaction_.publish({std::move(key), payload_});
  }
}

void store_copy(const Copy& copy, const StoredMessage& message, bool update_conversation,
                Transaction& transaction) {
  if (update_conversation) {
    auto conversation = touched(transaction.conversation(copy.row.timeline), copy.row, message, copy.is_new);
    if (conversation) transaction.put(*std::move(conversation));
  }
  transaction.put(copy.row);
}

}  // namespace inboxd
