#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <unordered_map>
#include <utility>

namespace inboxd {

/// The entries used last, up to a total weight. For one thread.
template <class Key, class Value, class Hash = std::hash<Key>>
class LruCache {
 public:
  explicit LruCache(std::size_t max_weight) : max_weight_(max_weight) {}

  /// The value, or null. The pointer holds until the next put().
  Value* find(const Key& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->value;
  }

  /// Puts or replaces. An entry heavier than the whole cache is not kept.
  void put(const Key& key, Value value, std::size_t weight = 1) {
    if (weight > max_weight_) return erase(key);
    if (const auto found = index_.find(key); found != index_.end()) {
      Entry& entry = *found->second;
      entries_.splice(entries_.begin(), entries_, found->second);
      entry.value = std::move(value);
      weight_ -= std::exchange(entry.weight, weight);
    } else {
      entries_.push_front({key, std::move(value), weight});
      index_.emplace(key, entries_.begin());
    }
    weight_ += weight;
    while (weight_ > max_weight_) erase(Key(entries_.back().key));
  }

  void erase(const Key& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    weight_ -= found->second->weight;
    entries_.erase(found->second);
    index_.erase(found);
  }

  std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    Key key;
    Value value;
    std::size_t weight;
  };

  std::size_t max_weight_;
  std::size_t weight_ = 0;
  std::list<Entry> entries_;
  std::unordered_map<Key, typename std::list<Entry>::iterator, Hash> index_;
};

}  // namespace inboxd
