#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/decide.hpp"
#include "core/rows.hpp"
#include "core/topic.hpp"
#include "engine/events.hpp"
#include "engine/ids.hpp"
#include "engine/transaction.hpp"

namespace inboxd {

/// Puts the copies of one message into a transaction, and renders what they share once. Refers to what it is
/// given.
class CopyWriter {
 public:
  CopyWriter(const Topics& topics, const StoredMessage& message, Transaction& transaction,
             EventWriter& events, Ids& ids)
      : topics_(topics), message_(message), transaction_(transaction), events_(events), ids_(ids) {}

  /// Stores the copy, its arrival, and what it makes of its conversation.
  void store(Copy copy, bool updates_conversation);

  /// As store(), and delivers it: publishes it, and tells back ends of it. Not of what is shadowed.
  void deliver(Copy copy, bool updates_conversation);

  /// Publishes a copy that is stored.
  void announce(const TimelineRow& row);

 private:
  /// What of a row is shown: copies that are alike in it share their payload.
  struct Look {
    Status status;
    bool history;
    bool silent;
    std::uint32_t received;
    std::uint32_t seen;

    friend bool operator==(const Look&, const Look&) = default;
  };

  void note_arrival(const Copy& copy, bool updates_conversation);
  void tell_back_ends(const TimelineRow& row);
  void touch_conversation(const Copy& copy);
  const std::shared_ptr<const std::string>& rendered(const TimelineRow& row);

  const Topics& topics_;
  const StoredMessage& message_;
  Transaction& transaction_;
  EventWriter& events_;
  Ids& ids_;
  std::optional<Look> look_;  ///< of payload_
  std::shared_ptr<const std::string> payload_;
};

}  // namespace inboxd
