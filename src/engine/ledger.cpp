#include "engine/ledger.hpp"

#include <algorithm>
#include <utility>

namespace inboxd {

RedeliveryLedger::RedeliveryLedger(std::vector<FingerprintRow> stored) {
  for (FingerprintRow& row : stored) committed(std::move(row));
  session_lost();
}

void RedeliveryLedger::committed(FingerprintRow row) {
  last_sequence_ = std::max(last_sequence_, row.sequence);
  in_flight_.insert_or_assign(row.sequence, std::move(row));
}

void RedeliveryLedger::settled(std::uint64_t sequence) { in_flight_.erase(sequence); }

void RedeliveryLedger::session_lost() {
  for (auto& [sequence, row] : in_flight_) {
    auto& twins = expected_[row.fingerprint];
    const auto later = [after = sequence](const FingerprintRow& twin) { return twin.sequence > after; };
    twins.insert(std::find_if(twins.begin(), twins.end(), later), std::move(row));
  }
  in_flight_.clear();
}

std::optional<FingerprintRow> RedeliveryLedger::match(const Fingerprint& fingerprint) {
  const auto found = expected_.find(fingerprint);
  if (found == expected_.end()) return std::nullopt;
  FingerprintRow row = std::move(found->second.front());
  found->second.pop_front();
  if (found->second.empty()) expected_.erase(found);
  in_flight_.insert_or_assign(row.sequence, row);
  return row;
}

std::vector<std::uint64_t> RedeliveryLedger::expect_no_more() {
  std::vector<std::uint64_t> sequences;
  for (const auto& [fingerprint, twins] : expected_) {
    for (const FingerprintRow& row : twins) sequences.push_back(row.sequence);
  }
  expected_.clear();
  return sequences;
}

}  // namespace inboxd
