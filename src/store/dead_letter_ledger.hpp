#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/rows.hpp"

namespace inboxd::store {

struct DeadLetterBounds {
  std::size_t max_count = 10'000;
  std::uint64_t max_bytes = std::uint64_t{64} * 1024 * 1024;
};

/// What a dead letter counts against the bound: all its text.
std::uint64_t bytes_of(const DeadLetter& letter) noexcept;

/// What an undelivered event counts.
std::uint64_t bytes_of(const UndeliveredEvent& event) noexcept;

/// Knows the size of every dead letter that a store keeps, and so which must go. Not for several threads at
/// once.
class DeadLetterLedger {
 public:
  explicit DeadLetterLedger(DeadLetterBounds bounds) : bounds_(bounds) {}

  void add(std::string_view id, std::uint64_t bytes);
  void remove(std::string_view id);
  void clear();

  /// Forgets the oldest until the rest is within both bounds, and names those that it forgot.
  std::vector<std::string> evict();

 private:
  DeadLetterBounds bounds_;
  std::map<std::string, std::uint64_t, std::less<>> sizes_;  // ids are UUIDv7: the first is the oldest
  std::uint64_t bytes_ = 0;
};

/// Of all that a store bounds.
struct Ledgers {
  DeadLetterLedger dead_letters;
  DeadLetterLedger undelivered;  ///< by the key of its table, big-endian: the first is the oldest
};

}  // namespace inboxd::store
