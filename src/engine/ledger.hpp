#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "core/rows.hpp"

namespace inboxd {

/// Knows which committed deliveries the broker may deliver again (PROTOCOL 2): those of an earlier session
/// whose acknowledgement is not known to have arrived. For one thread.
class RedeliveryLedger {
 public:
  /// `stored`: what an earlier run left, in the order of sequence.
  explicit RedeliveryLedger(std::vector<FingerprintRow> stored);

  /// The number of the next fingerprint.
  std::uint64_t next_sequence() noexcept { return ++last_sequence_; }

  /// A delivery was committed under this row; until settled() it may come again.
  void committed(FingerprintRow row);

  /// The acknowledgement of the delivery is known to have reached the broker: its fingerprint may go.
  void settled(std::uint64_t sequence);

  /// The session is lost: whatever is not settled may be delivered again.
  void session_lost();

  /// The oldest committed delivery that this redelivery repeats, if any. Each is given out once, and is then
  /// in flight again.
  std::optional<FingerprintRow> match(const Fingerprint& fingerprint);

  bool expects_redeliveries() const noexcept { return !expected_.empty(); }

  /// No more redeliveries will come: the acknowledgements of those expected did arrive. Returns their
  /// sequences, to be forgotten.
  std::vector<std::uint64_t> expect_no_more();

 private:
  std::uint64_t last_sequence_ = 0;
  std::map<std::uint64_t, FingerprintRow> in_flight_;
  std::map<Fingerprint, std::deque<FingerprintRow>> expected_;
};

}  // namespace inboxd
