#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/id.hpp"
#include "core/refusal.hpp"
#include "core/result.hpp"
#include "core/rows.hpp"
#include "core/topic.hpp"

namespace inboxd {

/// A back end's `groups.update` (PROTOCOL 4).
struct GroupUpdate {
  Group group;                  ///< to store: without `notification`
  std::string notice;           ///< to publish: the whole group as it was written
  std::vector<PartyId> notify;  ///< whom to tell
};

/// Refuses what is no group document of this app, and one with members that no topic could reach.
Result<GroupUpdate, Refusal> read_group_update(std::string_view payload, const Topics& topics);

/// The members of a stored group document; none where it has none.
std::vector<PartyId> members_of(std::string_view group_json);

}  // namespace inboxd
