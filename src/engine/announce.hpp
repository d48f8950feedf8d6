#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/decide.hpp"
#include "core/rows.hpp"
#include "core/topic.hpp"
#include "engine/transaction.hpp"

namespace inboxd {

/// Publishes the copies of one message, and renders what they share once. Refers to what it is given.
class Announcer {
 public:
  Announcer(const Topics& topics, const StoredMessage& message, Transaction& transaction)
      : topics_(topics), message_(message), transaction_(transaction) {}

  /// Adds the row's `clientadded` for every layout to the transaction.
  void announce(const TimelineRow& row);

 private:
  const Topics& topics_;
  const StoredMessage& message_;
  Transaction& transaction_;
  std::optional<TimelineRow> rendered_for_;
  std::shared_ptr<const std::string> payload_;
};

/// Adds the copy's row, and what it makes of its conversation, to the transaction.
void store_copy(const Copy& copy, const StoredMessage& message, bool update_conversation,
                Transaction& transaction);

}  // namespace inboxd
