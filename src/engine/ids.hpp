#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "core/uuid.hpp"
#include "engine/ports.hpp"

namespace inboxd {

/// Gives out what must never be given out twice. For one thread.
class Ids {
 public:
  /// `floor` is the store's: no sequence at or below it is given out.
  Ids(Clock& clock, Entropy& entropy, std::uint64_t floor)
      : clock_(clock), entropy_(entropy), last_(floor), floor_(floor) {}

  /// A UUIDv7, above all those before it.
  std::string uuid() { return uuids_.next(clock_.now(), entropy_.next()); }

  /// Microseconds since the epoch, or one more than the last where that is higher.
  std::uint64_t sequence() {
    constexpr std::uint64_t kMicros = 1000;
    last_ = std::max(last_ + 1, static_cast<std::uint64_t>(std::max<Millis>(clock_.now(), 0)) * kMicros);
    return last_;
  }

  /// The floor that the next commit must write, where sequences have reached the last one. It lies ahead, so
  /// that few commits need to.
  std::optional<std::uint64_t> next_floor() {
    constexpr std::uint64_t kAhead = 10'000'000;
    if (last_ <= floor_) return std::nullopt;
    floor_ = last_ + kAhead;
    return floor_;
  }

 private:
  Clock& clock_;
  Entropy& entropy_;
  UuidSequence uuids_;
  std::uint64_t last_;
  std::uint64_t floor_;
};

}  // namespace inboxd
