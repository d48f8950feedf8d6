#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/rows.hpp"

namespace inboxd::webhook {

/// How many rows of one endpoint the outbox holds, as far as they have been looked at: each is counted once.
class Backlog {
 public:
  /// The sequence from which on rows are not counted yet.
  std::uint64_t counted_to() const noexcept { return next_; }
  std::size_t rows() const noexcept { return rows_; }

  /// `rows` are all that there are from `from` to the last of them.
  void saw(std::uint64_t from, const std::vector<OutboxRow>& rows) noexcept {
    if (from > next_) return;  // there may be others before
    for (const OutboxRow& row : rows) {
      if (row.sequence < next_) continue;
      ++rows_;
      next_ = row.sequence + 1;
    }
  }
  void removed(std::uint64_t sequence) noexcept {
    if (sequence < next_ && rows_ > 0) --rows_;
  }
  /// Counts anew.
  void reset() noexcept { *this = Backlog(); }

 private:
  std::uint64_t next_ = 0;
  std::size_t rows_ = 0;
};

}  // namespace inboxd::webhook
