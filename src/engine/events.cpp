#include "engine/events.hpp"

#include <utility>

namespace inboxd {

void EventWriter::write(Event event, Transaction& transaction) {
  if (!wants(event.type)) return;
  OutboxRow row{.ordering_key = std::move(event.ordering_key),
                .event_id = ids_.uuid(),
                .created_at = clock_.now(),
                .body = std::move(event.body)};
  for (const std::string& endpoint : settings_.endpoints) {
    row.sequence = ids_.sequence();
    row.endpoint = endpoint;
    transaction.put(row);
  }
}

}  // namespace inboxd
