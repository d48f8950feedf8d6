#include "http/openapi.hpp"
#include "http/resources.hpp"

namespace inboxd::http {
namespace {

Response info(const Call&) {
  return {200, "application/json", json::ObjectWriter().string("v", INBOXD_VERSION).finish()};
}

}  // namespace

void add_miscellany(Router& router, Api& api) {
  const std::string app = api.settings.base + "/{app}";
  router.add(Method::kGet, app + "/getInfo", [&api](const Request& request) {
    auto caller = caller_of(api, request);
    if (!caller) return caller.error();
    return info({request, *caller});
  });
  // Without effect until this engine sends push notifications.
  router.add(Method::kPost, app + "/notify", [&api](const Request& request) {
    const auto caller = caller_of(api, request);
    if (!caller) return caller.error();
    return caller->admin ? success() : not_yours();
  });
  router.add(Method::kPost, app + "/push/webhook/endpoint/{token}", [](const Request&) { return success(); });
  router.add(Method::kGet, "/verify", [&api](const Request& request) -> Response {
    auto claims = authenticated(api, request);
    if (!claims) return claims.error();
    // Of a claim that is there twice, who reads the answer is to see the one that counts.
    const auto object = json::parse_object(claims->json);
    if (!object) return error_response(500, "internal error");
    return {200, "application/json", json::with_changes(*object, {})};
  });
}

void add_api(Router& router, Api& api) {
  router.open_to_browsers(api.settings.base);
  router.open_to_browsers("/verify");
  // Literal paths come before those with `{user}` in the same place.
  add_admin_connections(router, api);
  add_webhooks(router, api);
  add_bans(router, api);
  add_filters(router, api);
  add_groups(router, api);
  add_typings(router, api);
  add_message_sync(router, api);
  add_messages(router, api);
  add_conversations(router, api);
  add_instances(router, api);
  add_blocks(router, api);
  add_miscellany(router, api);
}

}  // namespace inboxd::http
