#include "mqtt/session.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace inboxd::mqtt {

PacketId InFlight::add(std::uint64_t sequence, Qos qos, std::size_t bytes) {
  do {
    ++last_;
  } while (last_ == 0 || entries_.contains(last_));
  entries_.emplace(last_, Numbered{{.sequence = sequence, .qos = qos}, ++order_});
  if (sequence != 0) by_sequence_.emplace(sequence, last_);
  sent_again(last_, bytes);
  return last_;
}

void InFlight::restore(PacketId id, std::uint64_t sequence, Phase phase) {
  entries_.insert_or_assign(
      id, Numbered{{.sequence = sequence, .qos = Qos::kExactlyOnce, .phase = phase}, ++order_});
  if (sequence != 0) by_sequence_.insert_or_assign(sequence, id);
}

void InFlight::sent_again(PacketId id, std::size_t bytes) {
  Entry& entry = entries_.at(id).entry;
  settle(entry);
  entry.outstanding = true;
  entry.bytes = static_cast<std::uint32_t>(bytes);
  ++outstanding_;
  outstanding_bytes_ += entry.bytes;
}

void InFlight::released(PacketId id) {
  Entry& entry = entries_.at(id).entry;
  by_sequence_.erase(entry.sequence);
  entry.sequence = 0;
  entry.phase = Phase::kReleased;
  outstanding_bytes_ -= entry.bytes;
  entry.bytes = 0;
}

const InFlight::Entry* InFlight::find(PacketId id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second.entry;
}

std::optional<PacketId> InFlight::find_sequence(std::uint64_t sequence) const {
  const auto found = by_sequence_.find(sequence);
  if (found == by_sequence_.end()) return std::nullopt;
  return found->second;
}

void InFlight::erase(PacketId id) {
  if (const auto found = entries_.find(id); found != entries_.end()) forget(found);
}

void InFlight::settle(Entry& entry) noexcept {
  if (!std::exchange(entry.outstanding, false)) return;
  --outstanding_;
  outstanding_bytes_ -= entry.bytes;
  entry.bytes = 0;
}

void InFlight::forget(std::map<PacketId, Numbered>::iterator at) {
  settle(at->second.entry);
  by_sequence_.erase(at->second.entry.sequence);
  entries_.erase(at);
}

void InFlight::disconnected() {
  for (auto& [id, numbered] : entries_) settle(numbered.entry);
}

std::optional<std::uint64_t> InFlight::first_sequence() const {
  if (by_sequence_.empty()) return std::nullopt;
  return by_sequence_.begin()->first;
}

void InFlight::forget_unsent() {
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto next = std::next(at);
    const Entry& entry = at->second.entry;
    if (!entry.outstanding && entry.phase == Phase::kPublished) forget(at);
    at = next;
  }
}

std::vector<PacketId> InFlight::all_released() const {
  std::vector<std::pair<std::uint64_t, PacketId>> sorted;
  for (const auto& [id, numbered] : entries_) {
    if (numbered.entry.phase == Phase::kReleased) sorted.emplace_back(numbered.order, id);
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<PacketId> ids;
  ids.reserve(sorted.size());
  for (const auto& [order, id] : sorted) ids.push_back(id);
  return ids;
}

SubscriptionOptions* Session::find_subscription(const std::string& filter) {
  for (auto& [known, options] : subscriptions) {
    if (known == filter) return &options;
  }
  return nullptr;
}

bool Session::erase_subscription(const std::string& filter) {
  return std::erase_if(subscriptions, [&](const auto& one) { return one.first == filter; }) != 0;
}

}  // namespace inboxd::mqtt
