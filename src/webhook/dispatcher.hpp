#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "engine/ports.hpp"
#include "net/circuit.hpp"
#include "webhook/probe.hpp"
#include "webhook/settings.hpp"

namespace inboxd::webhook {

/// What an attempt led to.
struct Reply {
  enum class Kind { kAnswered, kNotSent, kNoAnswer, kForbidden };
  Kind kind = Kind::kAnswered;
  unsigned status = 0;   ///< of an answer
  std::string why = {};  ///< of anything else
};

/// A row that has to leave the outbox.
struct Settled {
  std::uint64_t sequence = 0;
  /// Set where it goes into the list of undelivered events.
  std::optional<UndeliveredEvent> undelivered = {};
  GivenUp why = GivenUp::kFailed;
};

/// Decides, for one endpoint, what is sent next and what an outcome leads to. Holds a window of the outbox's
/// rows. No I/O, no clock: for one thread.
class Dispatcher {
 public:
  using Time = SteadyClock::time_point;
  static constexpr std::size_t kMaxRows = 1000;
  static constexpr std::size_t kMaxBytes = std::size_t{16} * 1024 * 1024;
  /// Rows of one ordering key in the window: one that is held up must not keep the others out.
  static constexpr std::size_t kMaxLaneRows = 64;

  Dispatcher(const Settings& settings, std::uint64_t seed);

  // --- the window

  /// The sequence from which on rows are wanted. Goes back when rows that were passed over have room now.
  std::uint64_t read_from() const noexcept { return from_; }
  bool has_room() const noexcept;
  /// Takes a row, or passes over one that it has. False: no room for it, offer it again later.
  bool offer(OutboxRow row);
  /// Rows may have come in anywhere.
  void look_again() noexcept { from_ = 0; }

  // --- attempts

  struct Attempt {
    const OutboxRow* row;  ///< valid until the attempt's outcome
    std::uint32_t number;
  };
  /// What is to be sent now, if anything: it counts as under way. Rows that are too old are given up.
  std::optional<Attempt> next(Time now, Millis wall);
  void replied(std::uint64_t sequence, const Reply& reply, Time now, Millis wall);
  /// When next() is to be asked again, where no outcome comes before.
  std::optional<Time> due() const;
  /// Gives up the oldest `count` rows that are not under way. Returns how many there were.
  std::size_t give_up_oldest(std::size_t count, Millis wall);
  std::size_t under_way() const noexcept { return flying_.size(); }
  bool circuit_open() const noexcept { return circuit_.open(); }

  // --- what is done

  const std::deque<Settled>& settled() const noexcept { return settled_; }
  /// The first `count` have left the outbox.
  void forget_settled(std::size_t count);

 private:
  using Slot = std::pair<Time, std::uint64_t>;
  struct Lane {
    std::string key;
    std::deque<OutboxRow> rows;                // the first may be under way
    std::uint32_t attempts = 0;                // of the first
    std::optional<Slot> slot;                  // in waiting_, unless under way
    bool probe = false;                        // the one under way decides for the circuit
    std::optional<std::uint64_t> passed_over;  // the first row that had no room
  };

  void wait(Lane& lane, Time until);
  void stop_waiting(Lane& lane);
  void place(Lane& lane, OutboxRow row);
  /// Takes a row out of its lane, which goes on with the next.
  OutboxRow take_out(Lane& lane, std::size_t index);
  void done(Lane& lane);
  void give_up(Lane& lane, std::size_t index, GivenUp why, std::string reason, Millis wall);
  void try_again(Lane& lane, Time now);
  void endpoint_works(Time now);

  const Settings& settings_;
  std::minstd_rand random_;
  std::uint64_t from_ = 0;
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;                    // of the rows, and of those settled that are undelivered
  std::unordered_set<std::uint64_t> known_;  // in the window, or settled and still in the outbox
  std::unordered_map<std::string, Lane> lanes_;
  std::map<Slot, Lane*> waiting_;
  std::unordered_map<std::uint64_t, Lane*> flying_;
  std::deque<Settled> settled_;
  net::Circuit circuit_;
};

}  // namespace inboxd::webhook
