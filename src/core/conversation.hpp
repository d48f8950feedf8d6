#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/refusal.hpp"
#include "core/result.hpp"
#include "core/rows.hpp"

namespace inboxd {

/// The conversation after a copy has come into its timeline (PROTOCOL 3): the newest message is the preview,
/// and any live one un-archives. Nothing where the conversation stays as it was.
///
/// `previous` is the conversation before, if there was one. `is_new` is what the copy makes of it: unread for
/// a recipient, read for the sender himself.
std::optional<ConversationRow> touched(const std::optional<ConversationRow>& previous,
                                       const TimelineRow& copy, const StoredMessage& message, bool is_new);

/// An owner's patch of his conversation (PROTOCOL 6): what it leads to.
struct Patched {
  ConversationRow row;
  std::string notice;  ///< the patch as it was written, with `timelineOf` and `conversWith`
};

/// Merges the patch into the conversation. Refuses one that would change whose conversation it is, one with
/// fields that clients could not read, and one that makes the patched fields larger than `max_bytes`.
Result<Patched, Refusal> patched(const ConversationRow& row, std::string_view patch, std::size_t max_bytes);

/// The conversation's document as clients read it.
std::string render_conversation(const ConversationRow& row, const StoredMessage& last_message);

}  // namespace inboxd
