#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/rows.hpp"
#include "core/topic.hpp"
#include "engine/ports.hpp"
#include "http/contacts.hpp"

/// What follows from each operation on a group (PROTOCOL 9), in order: the group's new state, system
/// messages, history for those who join. Pure functions.
namespace inboxd::http {

/// The latest messages that a joiner is shown at most; of one operation's joiners together, as many, and as
/// many bytes, as these.
inline constexpr std::size_t kReplayedMessages = 200;
inline constexpr std::size_t kReplayedInAll = 5000;
inline constexpr std::size_t kReplayedBytes = std::size_t{8} * 1024 * 1024;

/// A group as an operation leaves it. `group` holds the document to store.
struct Regrouped {
  const Topics& topics;
  const Group& group;
  const std::vector<PartyId>& notify;  ///< whom `groups.update` tells
  /// Whether `joiner` wants nothing of `sender`. Asked about the history that he would be sent.
  std::function<bool(const PartyId& joiner, const PartyId& sender)> blocks = nullptr;
};

/// Somebody new.
struct Joiner {
  PartyId id;
  Contact contact;
};

/// The group's latest messages, newest first.
using GroupHistory = std::vector<TimelineEntry>;

std::vector<Publication> group_created(const Regrouped& change, const PartyId& creator,
                                       const std::vector<Joiner>& members);
/// An existing group that was created once more: those who are new are announced.
std::vector<Publication> group_replaced(const Regrouped& change, const std::vector<Joiner>& joiners,
                                        const GroupHistory& history);
std::vector<Publication> group_joined(const Regrouped& change, const Joiner& joiner,
                                      const GroupHistory& history);
std::vector<Publication> group_left(const Regrouped& change, const PartyId& member);
std::vector<Publication> group_members_set(const Regrouped& change, const std::vector<Joiner>& joiners,
                                           const GroupHistory& history);
std::vector<Publication> group_renamed(const Regrouped& change, std::string_view name);
/// `attributes`: JSON.
std::vector<Publication> group_attributes_set(const Regrouped& change, std::string_view attributes);

}  // namespace inboxd::http
