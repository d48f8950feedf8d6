#include "store/dead_letter_ledger.hpp"

namespace inboxd::store {

std::uint64_t bytes_of(const DeadLetter& letter) noexcept {
  return letter.id.size() + letter.reason.size() + letter.detail.size() + letter.exchange.size() +
         letter.routing_key.size() + letter.payload.size();
}

std::uint64_t bytes_of(const UndeliveredEvent& event) noexcept {
  const OutboxRow& row = event.row;
  return row.endpoint.size() + row.ordering_key.size() + row.event_id.size() + row.body.size() +
         event.reason.size();
}

void DeadLetterLedger::add(std::string_view id, std::uint64_t bytes) {
  remove(id);
  sizes_.emplace(id, bytes);
  bytes_ += bytes;
}

void DeadLetterLedger::remove(std::string_view id) {
  const auto found = sizes_.find(id);
  if (found == sizes_.end()) return;
  bytes_ -= found->second;
  sizes_.erase(found);
}

void DeadLetterLedger::clear() {
  sizes_.clear();
  bytes_ = 0;
}

std::vector<std::string> DeadLetterLedger::evict() {
  std::vector<std::string> evicted;
  while (sizes_.size() > bounds_.max_count || bytes_ > bounds_.max_bytes) {
    auto oldest = sizes_.extract(sizes_.begin());
    bytes_ -= oldest.mapped();
    evicted.push_back(std::move(oldest.key()));
  }
  return evicted;
}

}  // namespace inboxd::store
