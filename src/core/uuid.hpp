#pragma once

#include <cstdint>
#include <string>

#include "core/rows.hpp"

namespace inboxd {

/// UUIDs of version 7 (RFC 9562) that sort in the order in which they were made: the 12 bits after the
/// milliseconds count up within one millisecond, and the clock part never goes back. For one thread.
class UuidSequence {
 public:
  /// The next UUID in its 36-character lower-case form; its last 62 bits are those of `random`.
  std::string next(Millis now, std::uint64_t random);

 private:
  Millis last_ = 0;
  std::uint32_t counter_ = 0;
};

}  // namespace inboxd
