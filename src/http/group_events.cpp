#include "http/group_events.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/json.hpp"
#include "core/message.hpp"
#include "http/group_document.hpp"
#include "http/resource.hpp"

namespace inboxd::http {
namespace {

using Publications = std::vector<Publication>;

/// `{"key":…,"parameters":…}`
std::string label(std::string_view key, std::string_view parameters) {
  return json::ObjectWriter().string("key", key).raw("parameters", parameters).finish();
}

std::string joined_label(const Joiner& joiner) {
  return label("MEMBER_JOINED_GROUP", json::ObjectWriter()
                                          .string("member_id", joiner.id.view())
                                          .string("fullname", joiner.contact.fullname)
                                          .string("firstname", joiner.contact.firstname)
                                          .string("lastname", joiner.contact.lastname)
                                          .finish());
}

std::string left_label(const PartyId& member) {
  return label("MEMBER_LEFT_GROUP", json::ObjectWriter().string("member_id", member.view()).finish());
}

/// `groups.update`, with `notification` where there is a label to show.
Publication update(const Regrouped& change, std::string_view messagelabel = {}) {
  std::string group = change.group.json;
  if (!messagelabel.empty()) {
    group = with_fields(group,
                        {{"notification", json::ObjectWriter().raw("messagelabel", messagelabel).finish()}});
  }
  return publication(observer_group_update_key(change.topics),
                     json::ObjectWriter(group.size() + 256)
                         .raw("group", group)
                         .raw("notify_to", members_json(change.notify))
                         .finish());
}

/// A system message to the group. The engine gives it its timestamp: of several at once, each has its own.
Publication announcement(const Regrouped& change, std::string_view text, std::string_view messagelabel) {
  const PartyId sender{"system"};
  const std::string attributes = json::ObjectWriter()
                                     .string("subtype", "info")
                                     .boolean("updateconversation", true)
                                     .raw("messagelabel", messagelabel)
                                     .finish();
  return publication(outgoing_key(change.topics, sender, change.group.id),
                     json::ObjectWriter()
                         .string("type", "text")
                         .string("text", text)
                         .string("sender", sender.view())
                         .string("sender_fullname", "System")
                         .string("recipient", change.group.id.view())
                         .string("recipient_fullname", text_of(change.group.json, "name"))
                         .string("channel_type", "group")
                         .raw("attributes", attributes)
                         .finish());
}

/// The entry as the joiner's copy; nothing where it is not for him to see, or cannot be read.
std::optional<std::string> replayed(const TimelineEntry& entry, const PartyId& joiner) {
  const auto draft = read_draft(entry.message.json);
  if (!draft) return std::nullopt;
  const auto& hidden = draft->hidden_for;
  if (std::find(hidden.begin(), hidden.end(), joiner.view()) != hidden.end()) return std::nullopt;
  bool forced = false;
  if (const auto raw = draft->fields.find_value("attributes")) {
    const auto attributes = json::parse_object(*raw);
    forced = attributes && json::is_true(attributes->find("forcenotification").value_or(""));
  }
  TimelineRow row = entry.row;
  row.status = Status::kDelivered;
  row.history = true;
  row.silent = !forced;
  row.received = 0;
  row.seen = 0;
  return render_copy(entry.message, row);
}

/// How much history each of several joiners is sent.
struct Room {
  std::size_t messages;
  std::size_t bytes;
};

Room room_for(std::size_t joiners) {
  const std::size_t shares = std::max<std::size_t>(joiners, 1);
  return {std::min(kReplayedMessages, kReplayedInAll / shares), kReplayedBytes / shares};
}

void add_history(Publications& to, const Regrouped& change, const Joiner& joiner, const GroupHistory& history,
                 Room room) {
  Publications newest_first;
  for (const TimelineEntry& entry : history) {
    // The engine would refuse it, and with it the whole operation would seem to have failed.
    if (change.blocks && change.blocks(joiner.id, entry.message.sender)) continue;
    auto copy = replayed(entry, joiner.id);
    if (!copy) continue;
    if (room.messages == 0 || copy->size() > room.bytes) break;
    --room.messages;
    room.bytes -= copy->size();
    newest_first.push_back(
        publication(observer_delivered_key(change.topics, joiner.id, change.group.id), *std::move(copy)));
  }
  std::move(newest_first.rbegin(), newest_first.rend(), std::back_inserter(to));
}

/// What the first name, or else the id, is told of.
std::string called(const Joiner& joiner) {
  return joiner.contact.firstname.empty() ? joiner.id.str() : joiner.contact.firstname;
}

void add_joiner(Publications& to, const Regrouped& change, const Joiner& joiner, const GroupHistory& history,
                const Room& room) {
  to.push_back(announcement(change, called(joiner) + " added to group", joined_label(joiner)));
  add_history(to, change, joiner, history, room);
}

}  // namespace

Publications group_created(const Regrouped& change, const PartyId& creator,
                           const std::vector<Joiner>& members) {
  Publications all{update(change)};
  all.push_back(
      announcement(change, "Group created",
                   label("GROUP_CREATED", json::ObjectWriter().string("creator", creator.view()).finish())));
  for (const Joiner& member : members) {
    all.push_back(
        announcement(change, member.contact.fullname + " joined group on creation", joined_label(member)));
  }
  return all;
}

Publications group_replaced(const Regrouped& change, const std::vector<Joiner>& joiners,
                            const GroupHistory& history) {
  return group_members_set(change, joiners, history);
}

Publications group_joined(const Regrouped& change, const Joiner& joiner, const GroupHistory& history) {
  Publications all{update(change, joined_label(joiner))};
  add_joiner(all, change, joiner, history, room_for(1));
  return all;
}

Publications group_left(const Regrouped& change, const PartyId& member) {
  const std::string left = left_label(member);
  return {update(change, left), announcement(change, member.str() + " removed from group", left)};
}

Publications group_members_set(const Regrouped& change, const std::vector<Joiner>& joiners,
                               const GroupHistory& history) {
  Publications all{update(change)};
  const Room room = room_for(joiners.size());
  for (const Joiner& joiner : joiners) add_joiner(all, change, joiner, history, room);
  return all;
}

Publications group_renamed(const Regrouped& change, std::string_view name) {
  return {
      update(change, label("DATA_UPDATED_GROUP", json::ObjectWriter().string("group_name", name).finish()))};
}

Publications group_attributes_set(const Regrouped& change, std::string_view attributes) {
  return {update(change, label("ATTRIBUTES_UPDATED_GROUP",
                               json::ObjectWriter().raw("attributes", attributes).finish()))};
}

}  // namespace inboxd::http
