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
  std::vector<PartyId> newcomers;  ///< whose names `events` needs
  bool replays = false;            ///< `events` needs the group's history
  Events events;
  Response response;  ///< once all of it is committed
};

/// What is to be done with the group as it is now, or why not.
using GroupDecision = std::function<Result<GroupPlan, Response>(const Call&, const std::optional<Group>&)>;

/// Reads the group when its turn comes, decides, submits what follows and answers once that is committed.
void run_group_operation(Api& api, const Backend::Lease& lease, Call call, const Answer& answer,
                         const PartyId& group, GroupDecision decide);

}  // namespace inboxd::http
