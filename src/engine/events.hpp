#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/event.hpp"
#include "engine/ids.hpp"
#include "engine/transaction.hpp"

namespace inboxd {

/// Who is told of what (PROTOCOL 8).
struct EventSettings {
  std::vector<std::string> endpoints;  ///< URLs; none: no events are written
  std::array<bool, kAllEventTypes.size()> wanted{};
};

/// Writes events into the outbox, in the transaction of what they tell of: one row for each endpoint.
class EventWriter {
 public:
  /// What it is given must outlive it.
  EventWriter(const EventSettings& settings, Ids& ids, const Clock& clock)
      : settings_(settings), ids_(ids), clock_(clock) {}

  /// Whether anyone wants to hear of it: else its body need not be made.
  bool wants(EventType type) const noexcept {
    return !settings_.endpoints.empty() && settings_.wanted[static_cast<std::size_t>(type)];
  }

  /// Does nothing where nobody wants it.
  void write(Event event, Transaction& transaction);

  Millis now() const { return clock_.now(); }

 private:
  const EventSettings& settings_;
  Ids& ids_;
  const Clock& clock_;
};

}  // namespace inboxd
