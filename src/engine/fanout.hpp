#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>

#include "core/rows.hpp"
#include "core/topic.hpp"
#include "engine/copy_writer.hpp"
#include "engine/ports.hpp"
#include "engine/sanctions.hpp"
#include "engine/transaction.hpp"

namespace inboxd {

/// Serves the members of large groups, a slice at a time, the groups in turn (PROTOCOL 4). The jobs of one
/// group run one after the other, so that each member gets the group's messages in order. A slice counts as
/// done once it is confirmed; one that is not is done again, and writes only what is missing. For one thread.
class Fanout {
 public:
  /// Some of one job's members, written to a transaction and on their way.
  struct Slice {
    std::uint64_t job = 0;
    PartyId group;
    std::size_t end = 0;       ///< members before this index are served once the slice is confirmed
    std::size_t withheld = 0;  ///< members who get no copy because they block the sender
  };

  /// Takes up the jobs that an earlier run left in the store. What it is given must outlive it.
  Fanout(const Topics& topics, std::size_t slice, const Store& store, EventWriter& events, Ids& ids,
         Sanctions& sanctions);

  /// A job whose commit stands.
  void add(const FanoutJob& job);

  /// Whether messages to this group must queue behind its jobs.
  bool is_busy(const PartyId& group) const { return queues_.contains(group); }
  std::size_t pending() const noexcept { return jobs_; }
  bool has_slice() const noexcept { return !turns_.empty(); }

  /// Writes the next slice; nothing where every group has one on its way.
  std::optional<Slice> next(Transaction& transaction);

  /// The slice is published and confirmed. Adds to `chores` what the store should learn of it, at any later
  /// time.
  void confirmed(const Slice& slice, Commit& chores);

  /// The slices on their way may not have arrived.
  void session_lost();

 private:
  struct Job {
    std::uint64_t sequence = 0;
    std::uint64_t done = 0;
    bool again = false;               ///< the next slice may be in the store already
    std::size_t members = 0;          ///< known once it was loaded
    std::optional<FanoutJob> loaded;  ///< kept between slices while few others are
  };

  void load(Job& job);
  void unload(Job& job);
  /// Returns how many copies are withheld because of a block.
  std::size_t write_messages(const Job& job, std::size_t end, Transaction& transaction) const;
  void write_notices(const Job& job, std::size_t end, Transaction& transaction) const;

  Topics topics_;
  std::size_t slice_;
  const Store& store_;
  EventWriter& events_;
  Ids& ids_;
  Sanctions& sanctions_;
  std::size_t jobs_ = 0;
  std::size_t loaded_ = 0;
  std::unordered_map<PartyId, std::deque<Job>> queues_;  ///< never an empty one
  std::list<PartyId> turns_;                             ///< groups with a slice to send, next first
};

}  // namespace inboxd
