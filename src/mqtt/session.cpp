#include "mqtt/session.hpp"

#include <algorithm>

namespace inboxd::mqtt {

PacketId InFlight::add(const Entry& entry) {
  do {
    ++last_;
  } while (last_ == 0 || entries_.contains(last_));
  entries_.emplace(last_, Numbered{entry, ++order_});
  return last_;
}

void InFlight::restore(PacketId id, const Entry& entry) {
  entries_.insert_or_assign(id, Numbered{entry, ++order_});
}

InFlight::Entry* InFlight::find(PacketId id) {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second.entry;
}

void InFlight::erase(PacketId id) { entries_.erase(id); }

std::vector<std::pair<PacketId, InFlight::Entry>> InFlight::in_order() const {
  std::vector<std::pair<PacketId, Numbered>> sorted(entries_.begin(), entries_.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& one, const auto& other) { return one.second.order < other.second.order; });
  std::vector<std::pair<PacketId, Entry>> result;
  result.reserve(sorted.size());
  for (const auto& [id, numbered] : sorted) result.emplace_back(id, numbered.entry);
  return result;
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
