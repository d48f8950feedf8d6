#include <algorithm>
#include <array>

#include "http/resources.hpp"

namespace inboxd::http {
namespace {

constexpr std::size_t kMaxInstanceBytes = 512;
constexpr std::size_t kMostInstances = 100;
constexpr std::size_t kMaxFieldBytes = 512;
constexpr std::array<std::string_view, 4> kFields = {"device_model", "language", "platform",
                                                     "platform_version"};

/// What a URL's path may hold unescaped (RFC 3986, pchar), percent signs apart.
bool is_url_safe(char c) {
  const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric || std::string_view("-._~!$&'()*+,;=:@").find(c) != std::string_view::npos;
}

bool is_instance_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxInstanceBytes && std::all_of(id.begin(), id.end(), is_url_safe);
}

Result<std::string, Response> document(const PartyId& user, const Api& api, const std::string& id,
                                       const json::Object& body) {
  json::ObjectWriter writer;
  writer.string("instance_id", id).string("user_id", user.view()).string("app_id", api.topics.app.view());
  for (const std::string_view field : kFields) {
    const auto raw = body.find_value(field);
    if (!raw) continue;
    if (!json::is_string(*raw) || raw->size() > kMaxFieldBytes) {
      return fail(400, std::string(field) + " must be a short string");
    }
    writer.raw(field, *raw);
  }
  return writer.integer("updatedAt", api.clock.now()).finish();
}

Response put(const Api& api, const Backend::Lease& lease, const Call& call) {
  const auto user = party_part(call.request, "user");
  if (!user) return user.error();
  if (!call.caller.is_or_admin(*user)) return not_yours();
  const std::string& id = call.request.part("instance");
  if (!is_instance_id(id)) return error_response(400, "the instance id is malformed");
  const auto body = body_of(call.request);
  if (!body) return body.error();
  auto json = document(*user, api, id, *body);
  if (!json) return json.error();
  Commit commit;
  commit.instances.push_back({api.topics.app, *user, id, api.clock.now(), *std::move(json)});
  // Devices come and go, and never say good-bye: the one that was silent longest makes room.
  auto known = lease->store.instances(api.topics.app, *user);
  std::erase_if(known, [&id](const InstanceRow& row) { return row.id == id; });
  std::sort(known.begin(), known.end(),
            [](const InstanceRow& a, const InstanceRow& b) { return a.updated_at > b.updated_at; });
  for (std::size_t i = kMostInstances - 1; i < known.size(); ++i)
    commit.removed_instances.push_back(known[i]);
  lease->store.commit(commit);
  return success();
}

Response list(const Api& api, const Backend::Lease& lease, const Call& call) {
  const auto user = party_part(call.request, "user");
  if (!user) return user.error();
  if (!call.caller.admin) return not_yours();
  std::vector<std::string> documents;
  for (const InstanceRow& row : lease->store.instances(api.topics.app, *user)) documents.push_back(row.json);
  return with_results(documents);
}

}  // namespace

void add_instances(Router& router, Api& api) {
  add_resource(router, api, Method::kPost, "/{user}/instances/{instance}",
               [&api](const Backend::Lease& lease, const Call& call) { return put(api, lease, call); });
  add_resource(router, api, Method::kGet, "/{user}/instances",
               [&api](const Backend::Lease& lease, const Call& call) { return list(api, lease, call); });
}

}  // namespace inboxd::http
