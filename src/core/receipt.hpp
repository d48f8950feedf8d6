#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/decide.hpp"
#include "core/event.hpp"
#include "core/refusal.hpp"
#include "core/result.hpp"
#include "core/rows.hpp"
#include "core/topic.hpp"

/// A client's word that he has received, or seen, a message (PROTOCOL 5).
namespace inboxd {

/// The status that a receipt says: kReceived or kSeen; nothing where it says another, which is ignored.
Result<std::optional<Status>, Refusal> read_receipt(std::string_view payload);

struct ReceiptState {
  StoredMessage message;
  std::optional<TimelineRow> mine;    ///< the reader's row
  std::optional<TimelineRow> theirs;  ///< the sender's row
  std::optional<TimelineRow> group;   ///< the group timeline's, of a group message
  /// The broker delivers the receipt again: the sender may not have been told though the rows say it.
  bool redelivered = false;
  /// One of the two blocks the other: the sender is to learn nothing.
  bool blocked = false;
  Millis now = 0;
};

struct ReceiptEffects {
  std::vector<TimelineRow> rows;
  std::vector<Notice> notices;  ///< for the sender
  std::vector<Event> events;
};

/// What follows from `reader`'s receipt; no effects where it says nothing new. Through a block it reaches the
/// reader's own row alone. Refuses one from who is no
/// recipient.
Result<ReceiptEffects, Refusal> decide_receipt(const PartyId& reader, Status status,
                                               const ReceiptState& state, const Topics& topics);

}  // namespace inboxd
