#include "core/group.hpp"

#include <algorithm>
#include <optional>

#include "core/json.hpp"

namespace inboxd {
namespace {

/// The keys of `{id: 1, …}`.
Result<std::vector<PartyId>, Refusal> read_ids(std::optional<std::string_view> raw, const char* name) {
  std::vector<PartyId> ids;
  if (!raw) return ids;
  if (!json::is_object(*raw)) return refuse(Reason::kBadField, std::string(name) + " must be an object");
  const auto object = json::parse_object(*raw);
  if (!object) return Failure<Refusal>(object.error());
  ids.reserve(object->members().size());
  for (const json::Member& member : object->members()) {
    auto id = parse_party(member.key);
    if (!id) return refuse(Reason::kBadId, std::string(name) + " holds an id that is malformed or reserved");
    ids.push_back(*std::move(id));
  }
  return ids;
}

bool all_keys_fit(const Topics& topics, const std::vector<PartyId>& ids, const PartyId& group) {
  return std::all_of(ids.begin(), ids.end(),
                     [&](const PartyId& id) { return keys_fit(topics, id.view(), group.view()); });
}

std::string without_notification(const json::Object& group, std::size_t capacity) {
  json::ObjectWriter writer(capacity);
  for (const auto& [key, raw] : group.members()) {
    if (key != "notification") writer.raw(key, raw);
  }
  return writer.finish();
}

Result<GroupUpdate, Refusal> read_group(std::string_view text, const Topics& topics,
                                        std::vector<PartyId> notify) {
  const auto group = json::parse_object(text);
  if (!group) return Failure<Refusal>(group.error());
  const auto uid = json::string_value(group->find("uid").value_or(""));
  auto id = uid ? parse_party(*uid) : std::nullopt;
  if (!id) return refuse(Reason::kBadId, "group.uid is missing, malformed or reserved");
  const auto app = group->find_value("appId");
  if (app && json::string_value(*app) != topics.app.str()) {
    return refuse(Reason::kWrongApp, "the group belongs to another app");
  }
  auto members = read_ids(group->find_value("members"), "group.members");
  if (!members) return Failure<Refusal>(std::move(members.error()));
  if (!all_keys_fit(topics, *members, *id) || !all_keys_fit(topics, notify, *id)) {
    return refuse(Reason::kKeyTooLong, "the group's id and a member's are too long together");
  }
  Group stored{topics.app, *std::move(id), *std::move(members), without_notification(*group, text.size())};
  return GroupUpdate{std::move(stored), std::string(text), std::move(notify)};
}

}  // namespace

Result<GroupUpdate, Refusal> read_group_update(std::string_view payload, const Topics& topics) {
  const auto update = json::parse_object(payload);
  if (!update) return Failure<Refusal>(update.error());
  const auto group = update->find_value("group");
  if (!group || !json::is_object(*group)) return refuse(Reason::kBadField, "group must be an object");
  auto notify = read_ids(update->find_value("notify_to"), "notify_to");
  if (!notify) return Failure<Refusal>(std::move(notify.error()));
  return read_group(*group, topics, *std::move(notify));
}

std::vector<PartyId> members_of(std::string_view group_json) {
  const auto group = json::parse_object(group_json);
  if (!group) return {};
  return read_ids(group->find_value("members"), "members").value_or(std::vector<PartyId>{});
}

}  // namespace inboxd
