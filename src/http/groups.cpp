#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "http/group_document.hpp"
#include "http/group_operation.hpp"
#include "http/resources.hpp"

namespace inboxd::http {
namespace {

using Decided = Result<GroupPlan, Response>;

/// Every announcement goes to all members.
constexpr std::size_t kMostAnnounced = 256;

Failure<Response> no_such_group() { return fail(404, "no such group"); }
Failure<Response> forbidden() { return Failure<Response>(not_yours()); }

bool owns(const Caller& caller, const Group& group) {
  return caller.admin || text_of(group.json, "owner") == caller.user.view();
}

/// Both lists may be as long as a body allows.
std::vector<PartyId> not_in(const std::vector<PartyId>& ids, const std::vector<PartyId>& known) {
  const std::unordered_set<PartyId> members(known.begin(), known.end());
  std::vector<PartyId> fresh;
  std::copy_if(ids.begin(), ids.end(), std::back_inserter(fresh),
               [&](const PartyId& id) { return !members.contains(id); });
  return fresh;
}

/// Each newcomer is announced to all, and gets the history.
std::optional<Response> too_many(const std::vector<PartyId>& newcomers) {
  if (newcomers.size() <= kMostAnnounced) return std::nullopt;
  return error_response(400, "at most 256 new members at a time");
}

std::string millis(const Api& api) { return std::to_string(api.clock.now()); }

/// The stored group with other members.
Group with_members(const Api& api, const Group& group, std::vector<PartyId> members) {
  Group changed = group;
  changed.json = with_fields(group.json, {{"members", members_json(members)}, {"updatedOn", millis(api)}});
  changed.members = std::move(members);
  return changed;
}

// --- POST /groups

struct NewGroup {
  PartyId id;
  std::string name;
  std::optional<PartyId> owner;  ///< where an admin says it
  std::vector<PartyId> members;
  std::optional<std::string> attributes;
};

Result<PartyId, Response> new_id(Api& api, const Call& call, const json::Object& body) {
  if (!body.find_value("group_id")) {
    return PartyId{"group-" + api.ids.next(api.clock.now(), api.entropy.next())};
  }
  auto id = parse_party(text_field(body, "group_id").value_or(""));
  if (!id) return fail(400, "group_id is malformed or reserved");
  // A group may not take the name, and with it the timelines, of a person.
  if (!call.caller.admin && !names_a_group(*id)) return fail(400, "group_id must contain group-");
  return *std::move(id);
}

Result<NewGroup, Response> read_new_group(Api& api, const Call& call) {
  const auto body = body_of(call.request);
  if (!body) return Failure<Response>(body.error());
  auto name = text_field(*body, "group_name");
  if (!name) return Failure<Response>(missing("group_name"));
  const auto raw_members = body->find_value("group_members");
  if (!raw_members) return Failure<Response>(missing("group_members"));
  auto members = read_members(*raw_members);
  if (!members) return fail(400, "group_members must hold ids");
  if (!call.caller.admin && !has_member(*members, call.caller.user)) members->push_back(call.caller.user);
  auto owner = acting_user(call.caller, *body, "group_owner");
  if (!owner) return Failure<Response>(std::move(owner.error()));
  auto id = new_id(api, call, *body);
  if (!id) return Failure<Response>(std::move(id.error()));
  NewGroup group{*std::move(id), *std::move(name), {}, *std::move(members), {}};
  if (body->find_value("group_owner")) group.owner = *std::move(owner);
  if (const auto attributes = body->find_value("attributes")) {
    if (!json::is_object(*attributes)) return fail(400, "attributes must be an object");
    group.attributes = std::string(*attributes);
  }
  return group;
}

GroupPlan create(const Api& api, const Call& call, const NewGroup& wanted) {
  const PartyId& owner = wanted.owner ? *wanted.owner : call.caller.user;
  json::ObjectWriter writer;
  writer.string("uid", wanted.id.view())
      .string("appId", api.topics.app.view())
      .string("name", wanted.name)
      .string("owner", owner.view())
      .raw("members", members_json(wanted.members))
      .raw("createdOn", millis(api))
      .raw("updatedOn", millis(api));
  if (wanted.attributes) writer.raw("attributes", *wanted.attributes);
  GroupPlan plan;
  plan.group = {api.topics.app, wanted.id, wanted.members, writer.finish()};
  plan.notify = wanted.members;
  plan.newcomers = not_in(wanted.members, {});
  plan.events = [creator = call.caller.user](const Regrouped& change, const std::vector<Joiner>& members,
                                             const GroupHistory&) {
    return group_created(change, creator, members);
  };
  plan.name = wanted.name;
  plan.attributes = wanted.attributes;
  plan.replies = true;
  return plan;
}

GroupPlan replace(const Api& api, const Group& group, const NewGroup& wanted) {
  Fields fields = {{"name", json::quoted(wanted.name)},
                   {"members", members_json(wanted.members)},
                   {"updatedOn", millis(api)}};
  if (wanted.owner) fields.emplace_back("owner", json::quoted(wanted.owner->view()));
  if (wanted.attributes) fields.emplace_back("attributes", *wanted.attributes);
  GroupPlan plan;
  plan.group = {group.app, group.id, wanted.members, with_fields(group.json, fields)};
  plan.notify = group.members;
  plan.newcomers = not_in(wanted.members, group.members);
  plan.notify.insert(plan.notify.end(), plan.newcomers.begin(), plan.newcomers.end());
  plan.replays = true;
  plan.events = group_replaced;
  plan.name = wanted.name;
  plan.attributes = wanted.attributes;
  plan.replies = true;
  return plan;
}

/// A group of another service is unknown until its first update, but its messages are here: who made it his
/// own would read them.
bool was_written_to(Api& api, const PartyId& group) {
  const auto lease = api.backend.enter();
  return lease && (*lease)->store.newest_timestamp({api.topics.app, group, group}).has_value();
}

void post_group(Api& api, const Backend::Lease& lease, Call call, const Answer& answer) {
  auto wanted = read_new_group(api, call);
  if (!wanted) return (*answer)(std::move(wanted.error()));
  const PartyId id = wanted->id;
  run_group_operation(
      api, lease, std::move(call), answer, id,
      [&api, wanted = *std::move(wanted)](const Call& caller, const std::optional<Group>& group) -> Decided {
        if (group && !owns(caller.caller, *group)) return forbidden();
        if (!group && !caller.caller.admin && was_written_to(api, wanted.id)) return forbidden();
        const auto newcomers = not_in(wanted.members, group ? group->members : std::vector<PartyId>{});
        if (auto refused = too_many(newcomers)) return Failure<Response>(*std::move(refused));
        return group ? replace(api, *group, wanted) : create(api, caller, wanted);
      });
}

// --- members

Decided join(const Api& api, const Call& call, const std::optional<Group>& group) {
  const auto body = body_of(call.request);
  if (!body) return Failure<Response>(body.error());
  const auto text = text_field(*body, "member_id");
  if (!text) return Failure<Response>(missing("member_id"));
  const auto member = parse_party(*text);
  if (!member) return fail(400, "member_id is malformed or reserved");
  if (!group) return no_such_group();
  if (!owns(call.caller, *group)) return forbidden();
  if (has_member(group->members, *member)) return fail(405, "is a member already");
  std::vector<PartyId> members = group->members;
  members.push_back(*member);
  GroupPlan plan;
  plan.notify = members;
  plan.group = with_members(api, *group, std::move(members));
  plan.newcomers = {*member};
  plan.replays = true;
  plan.events = [](const Regrouped& change, const std::vector<Joiner>& joiners, const GroupHistory& history) {
    if (joiners.empty()) return std::vector<Publication>();
    return group_joined(change, joiners.front(), history);
  };
  return plan;
}

Decided set_members(const Api& api, const Call& call, const std::optional<Group>& group) {
  const auto body = body_of(call.request);
  if (!body) return Failure<Response>(body.error());
  const auto raw = body->find_value("members");
  if (!raw) return Failure<Response>(missing("members"));
  auto members = read_members(*raw);
  if (!members) return fail(400, "members must hold ids");
  if (!group) return no_such_group();
  if (!owns(call.caller, *group)) return forbidden();
  auto newcomers = not_in(*members, group->members);
  const bool unchanged = members->size() == group->members.size() && newcomers.empty();
  if (unchanged) return fail(405, "these are its members already");
  if (auto refused = too_many(newcomers)) return Failure<Response>(*std::move(refused));
  GroupPlan plan;
  plan.notify = group->members;
  plan.newcomers = std::move(newcomers);
  plan.replays = true;
  plan.group = with_members(api, *group, *std::move(members));
  plan.events = group_members_set;
  return plan;
}

Decided leave(const Api& api, const Call& call, const std::optional<Group>& group) {
  const auto member = party_part(call.request, "member");
  if (!member) return Failure<Response>(member.error());
  if (!group) return no_such_group();
  if (!owns(call.caller, *group) && !has_member(group->members, call.caller.user)) return forbidden();
  if (!has_member(group->members, *member)) return fail(404, "is not a member");
  std::vector<PartyId> members = group->members;
  std::erase(members, *member);
  GroupPlan plan;
  plan.notify = group->members;
  plan.group = with_members(api, *group, std::move(members));
  plan.events = [gone = *member](const Regrouped& change, const std::vector<Joiner>&, const GroupHistory&) {
    return group_left(change, gone);
  };
  return plan;
}

// --- name and attributes

Decided rename(const Api& api, const Call& call, const std::optional<Group>& group) {
  const auto body = body_of(call.request);
  if (!body) return Failure<Response>(body.error());
  const auto name = text_field(*body, "group_name");
  if (!name) return Failure<Response>(missing("group_name"));
  if (!group) return no_such_group();
  if (!owns(call.caller, *group)) return forbidden();
  GroupPlan plan;
  plan.notify = group->members;
  plan.group = *group;
  plan.group.json = with_fields(group->json, {{"name", json::quoted(*name)}, {"updatedOn", millis(api)}});
  plan.events = [name = *name](const Regrouped& change, const std::vector<Joiner>&, const GroupHistory&) {
    return group_renamed(change, name);
  };
  plan.name = *name;
  return plan;
}

Decided set_attributes(const Api& api, const Call& call, const std::optional<Group>& group) {
  const auto body = body_of(call.request);
  if (!body) return Failure<Response>(body.error());
  const auto raw = body->find_value("attributes");
  if (!raw) return Failure<Response>(missing("attributes"));
  if (!json::is_object(*raw)) return fail(400, "attributes must be an object");
  if (!group) return no_such_group();
  if (!owns(call.caller, *group)) return forbidden();
  const std::string attributes(*raw);
  GroupPlan plan;
  plan.notify = group->members;
  plan.group = *group;
  plan.group.json = with_fields(group->json, {{"attributes", attributes}, {"updatedOn", millis(api)}});
  plan.events = [attributes](const Regrouped& change, const std::vector<Joiner>&, const GroupHistory&) {
    return group_attributes_set(change, attributes);
  };
  plan.attributes = attributes;
  return plan;
}

// --- reading, and forgetting

Response read(const Api& api, const Backend::Lease& lease, const Call& call) {
  const auto id = party_part(call.request, "gid");
  if (!id) return id.error();
  const auto group = lease->store.group(api.topics.app, *id);
  if (!group) return error_response(404, "no such group");
  if (!owns(call.caller, *group) && !has_member(group->members, call.caller.user)) return not_yours();
  return with_result(group->json);
}

/// What the group's members, and the group itself, have of it.
Response forget(const Api& api, const Backend::Lease& lease, const Call& call,
                std::vector<TimelineKey> Commit::*what) {
  const auto id = party_part(call.request, "gid");
  if (!id) return id.error();
  const auto group = lease->store.group(api.topics.app, *id);
  if (!group) return error_response(404, "no such group");
  if (!owns(call.caller, *group)) return not_yours();
  if (auto banned = ban_problem(api, lease->store, call.caller.user)) return *std::move(banned);
  Commit commit;
  std::vector<TimelineKey>& removed = commit.*what;
  for (const PartyId& member : group->members) removed.push_back({api.topics.app, member, *id});
  removed.push_back({api.topics.app, *id, *id});
  lease->store.commit(commit);
  return success();
}

using Decide = Decided (*)(const Api&, const Call&, const std::optional<Group>&);

void add_operation(Router& router, Api& api, Method method, std::string_view pattern, Decide decide) {
  add_async_resource(router, api, method, pattern,
                     [&api, decide](const Backend::Lease& lease, Call call, const Answer& answer) {
                       const auto id = party_part(call.request, "gid");
                       if (!id) return (*answer)(id.error());
                       run_group_operation(
                           api, lease, std::move(call), answer, *id,
                           [&api, decide](const Call& asked, const std::optional<Group>& group) {
                             return decide(api, asked, group);
                           });
                     });
}

}  // namespace

void add_groups(Router& router, Api& api) {
  add_async_resource(router, api, Method::kPost, "/groups",
                     [&api](const Backend::Lease& lease, Call call, const Answer& answer) {
                       post_group(api, lease, std::move(call), answer);
                     });
  add_resource(router, api, Method::kGet, "/groups/{gid}",
               [&api](const Backend::Lease& lease, const Call& call) { return read(api, lease, call); });
  add_operation(router, api, Method::kPut, "/groups/{gid}", rename);
  add_operation(router, api, Method::kPut, "/groups/{gid}/attributes", set_attributes);
  add_operation(router, api, Method::kPost, "/groups/{gid}/members", join);
  add_operation(router, api, Method::kPut, "/groups/{gid}/members", set_members);
  add_operation(router, api, Method::kDelete, "/groups/{gid}/members/{member}", leave);
  add_resource(router, api, Method::kDelete, "/{gid}/conversations/timelines",
               [&api](const Backend::Lease& lease, const Call& call) {
                 return forget(api, lease, call, &Commit::removed_conversations);
               });
  add_resource(router, api, Method::kDelete, "/{gid}/messages/timelines",
               [&api](const Backend::Lease& lease, const Call& call) {
                 return forget(api, lease, call, &Commit::removed_timelines);
               });
}

}  // namespace inboxd::http
