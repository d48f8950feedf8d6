#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "core/id.hpp"
#include "http/loop.hpp"

namespace inboxd::http {

/// Lets operations on one group run one after the other: each reads the group, changes it, and is over once
/// the change is committed. Safe for use from several threads.
class GroupQueue {
 public:
  /// The group is somebody's for as long as he keeps this; the next one's turn comes on the loop.
  using Turn = std::shared_ptr<void>;
  using Task = std::function<void(Turn)>;

  static constexpr std::size_t kMaxWaiting = 64;  ///< of one group
  static constexpr std::size_t kMaxGroups = 1024;

  GroupQueue() : state_(std::make_shared<State>()) {}

  /// Runs `task` at once where nobody has the group, else in its turn. False, and nothing is run, where too
  /// many wait. `loop` must outlive the turns.
  bool run(const PartyId& group, Loop& loop, Task task);

 private:
  struct State {
    std::mutex mutex;  // guards waiting
    std::map<PartyId, std::deque<Task>> waiting;
  };
  static void take_turn(const std::shared_ptr<State>& state, const PartyId& group, Loop& loop,
                        const Task& task);
  static void next(const std::shared_ptr<State>& state, const PartyId& group, Loop& loop);

  std::shared_ptr<State> state_;
};

}  // namespace inboxd::http
