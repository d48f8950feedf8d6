#pragma once

#include <optional>
#include <string>

#include "core/rows.hpp"

namespace inboxd {

/// The conversation after a copy has come into its timeline (PROTOCOL 3): the newest message is the preview,
/// and any live one un-archives. Nothing where the conversation stays as it was.
///
/// `previous` is the conversation before, if there was one. `is_new` is what the copy makes of it: unread for
/// a recipient, read for the sender himself.
std::optional<ConversationRow> touched(const std::optional<ConversationRow>& previous,
                                       const TimelineRow& copy, const StoredMessage& message, bool is_new);

/// The conversation's document as clients read it.
std::string render_conversation(const ConversationRow& row, const StoredMessage& last_message);

}  // namespace inboxd
