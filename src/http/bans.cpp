#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/json.hpp"
#include "core/policy_update.hpp"
#include "http/resources.hpp"

namespace inboxd::http {
namespace {

constexpr std::size_t kMostBans = 1000;
constexpr std::int64_t kMostSeconds = 3'155'760'000;  // a hundred years

/// The user whom the path names, for an administrator.
Result<PartyId, Response> subject_of(const Call& call) {
  if (!call.caller.admin) return Failure<Response>(not_yours());
  return party_part(call.request, "user");
}

/// A ban that is over is not forgotten: it says so.
std::string document(const BanRow& ban, Millis now) {
  json::ObjectWriter writer;
  writer.string("user", ban.user.view()).boolean("banned", is_in_force(ban, now));
  if (!ban.reason.empty()) writer.string("reason", ban.reason);
  writer.integer("timestamp", ban.at);
  if (ban.until) writer.integer("until", *ban.until);
  return writer.finish();
}

Response list_bans(const Api& api, const Backend::Lease& lease, const Call& call) {
  if (!call.caller.admin) return not_yours();
  const auto limit = limit_of(call.request, kUsualPage, kMostBans);
  if (!limit) return limit.error();
  const auto after = after_of(call.request);
  if (!after) return after.error();
  std::vector<std::string> documents;
  for (const BanRow& ban : lease->store.bans(api.topics.app, *after, *limit)) {
    documents.push_back(document(ban, api.clock.now()));
  }
  return with_results(documents);
}

Response read_ban(const Api& api, const Backend::Lease& lease, const Call& call) {
  const auto user = subject_of(call);
  if (!user) return user.error();
  if (const auto ban = lease->store.ban(api.topics.app, *user)) {
    return with_result(document(*ban, api.clock.now()));
  }
  return with_result(json::ObjectWriter().string("user", user->view()).boolean("banned", false).finish());
}

/// What a back end may say of a ban, by the same rules.
Result<BanUpdate, Response> stated_ban(const json::Object& body) {
  json::ObjectWriter writer;
  writer.boolean("banned", true);
  for (const std::string_view field : {"reason", "until"}) {
    if (const auto raw = body.find_value(field)) writer.raw(field, *raw);
  }
  auto update = read_ban_update(writer.finish());
  if (!update) return Failure<Response>(refusal_response(update.error()));
  return *std::move(update);
}

/// A field that is misspelt must not make a ban that never ends.
std::optional<std::string> unknown_field(const json::Object& body) {
  constexpr std::array<std::string_view, 3> kFields = {"reason", "until", "seconds"};
  for (const json::Member& member : body.members()) {
    if (std::find(kFields.begin(), kFields.end(), member.key) == kFields.end()) return member.key;
  }
  return std::nullopt;
}

Result<BanUpdate, Response> ban_of(const Api& api, const Request& request) {
  const auto body = body_of(request);
  if (!body) return Failure<Response>(body.error());
  if (const auto field = unknown_field(*body)) return fail(400, "there is no field " + json::quoted(*field));
  auto update = stated_ban(*body);
  if (!update) return update;
  const Millis now = api.clock.now();
  if (const auto raw = body->find_value("seconds")) {
    if (update->until) return fail(400, "either until or seconds");
    const auto seconds = json::integer_value(*raw);
    if (!seconds || *seconds < 1 || *seconds > kMostSeconds) {
      return fail(400, "seconds must be a number from 1 to " + std::to_string(kMostSeconds));
    }
    update->until = now + *seconds * kMillisPerSecond;
  }
  if (update->until && *update->until <= now) return fail(400, "until has passed");
  return update;
}

void put(const Api& api, const Backend::Lease& lease, const Call& call, const Answer& answer) {
  const auto user = subject_of(call);
  if (!user) return (*answer)(user.error());
  const auto ban = ban_of(api, call.request);
  if (!ban) return (*answer)(ban.error());
  submit(api, lease, publication(observer_ban_update_key(api.topics, *user), ban_update(*ban)), answer);
}

void lift(const Api& api, const Backend::Lease& lease, const Call& call, const Answer& answer) {
  const auto user = subject_of(call);
  if (!user) return (*answer)(user.error());
  submit(api, lease, publication(observer_ban_update_key(api.topics, *user), ban_update({})), answer);
}

}  // namespace

void add_bans(Router& router, Api& api) {
  add_resource(router, api, Method::kGet, "/bans",
               [&api](const Backend::Lease& lease, const Call& call) { return list_bans(api, lease, call); });
  add_resource(router, api, Method::kGet, "/bans/{user}",
               [&api](const Backend::Lease& lease, const Call& call) { return read_ban(api, lease, call); });
  add_async_resource(router, api, Method::kPut, "/bans/{user}",
                     [&api](const Backend::Lease& lease, const Call& call, const Answer& answer) {
                       put(api, lease, call, answer);
                     });
  add_async_resource(router, api, Method::kDelete, "/bans/{user}",
                     [&api](const Backend::Lease& lease, const Call& call, const Answer& answer) {
                       lift(api, lease, call, answer);
                     });
}

}  // namespace inboxd::http
