#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "http/group_events.hpp"
#include "http/resource.hpp"

namespace inboxd::http {

/// What an operation makes of a group.
struct GroupPlan {
  using Events = std::function<std::vector<Publication>(const Regrouped&, const std::vector<Joiner>&,
                                                        const GroupHistory&)>;
  Group group;                     ///< as the operation leaves it
  std::vector<PartyId> notify;     ///< whom `groups.update` tells
  std::vector<PartyId> newcomers;  ///< whose names `events` needs, and of whom there need be none
  /// What the caller gives it to say, as the fields of a message: filters may object.
  std::optional<std::string> name;
  std::optional<std::string> attributes;  ///< JSON
  bool replays = false;                   ///< `events` needs the group's history
  Events events;                          ///< none where nothing is left to be done
  bool replies = false;                   ///< with the group's new state
};

/// What is to be done with the group as it is now, or why not.
using GroupDecision = std::function<Result<GroupPlan, Response>(const Call&, const std::optional<Group>&)>;

/// Reads the group when its turn comes, decides, submits what follows and answers once that is committed.
void run_group_operation(Api& api, const Backend::Lease& lease, Call call, const Answer& answer,
                         const PartyId& group, GroupDecision decide);

}  // namespace inboxd::http
