#include <utility>

#include "http/resources.hpp"

namespace inboxd::http {
namespace {

constexpr std::size_t kMostConnections = 1000;

Response no_broker() { return error_response(404, "clients connect to another broker, which knows"); }

std::string document(const ConnectionAdmin::Connection& connection) {
  // What clients say of themselves need not be UTF-8 that JSON may hold.
  return json::ObjectWriter()
      .string("id", std::to_string(connection.id))
      .raw("client_id", json_string(connection.client_id))
      .raw("user", json_string(connection.user))
      .raw("address", json_string(connection.address))
      .string("version", connection.version)
      .boolean("persistent", connection.persistent)
      .integer("connected_at", connection.connected_at)
      .integer("subscriptions", static_cast<std::int64_t>(connection.subscriptions))
      .integer("in_flight", static_cast<std::int64_t>(connection.in_flight))
      .integer("queued", static_cast<std::int64_t>(connection.queued))
      .finish();
}

/// Connections' ids are strings, as all ids here.
Result<std::uint64_t, Response> connection_id(std::string_view text) {
  if (const auto id = unsigned_value(text)) return *id;
  return fail(400, "a connection's id is a number");
}

Result<ConnectionAdmin::Query, Response> query_of(const Request& request) {
  const auto limit = limit_of(request, kUsualPage, kMostConnections);
  if (!limit) return Failure<Response>(limit.error());
  ConnectionAdmin::Query query{.user = request.parameter("user"), .limit = *limit};
  if (const auto after = request.parameter("after")) {
    const auto id = connection_id(*after);
    if (!id) return Failure<Response>(id.error());
    query.after = *id;
  }
  return query;
}

void list(const Backend::Lease& lease, const Call& call, const Answer& answer) {
  if (lease->connections == nullptr) return (*answer)(no_broker());
  auto query = query_of(call.request);
  if (!query) return (*answer)(query.error());
  lease->connections->list(*std::move(query), [answer](const auto& connections) {
    std::vector<std::string> documents;
    documents.reserve(connections.size());
    for (const ConnectionAdmin::Connection& connection : connections)
      documents.push_back(document(connection));
    (*answer)(with_results(documents));
  });
}

void end(const Backend::Lease& lease, const Call& call, const Answer& answer) {
  if (lease->connections == nullptr) return (*answer)(no_broker());
  const auto id = connection_id(call.request.part("connection"));
  if (!id) return (*answer)(id.error());
  lease->connections->disconnect(*id, [answer](bool there_was_one) {
    (*answer)(there_was_one ? success() : error_response(404, "there is no such connection"));
  });
}

}  // namespace

void add_admin_connections(Router& router, Api& api) {
  add_admin_resource(router, api, Method::kGet, "/connections", list);
  add_admin_resource(router, api, Method::kDelete, "/connections/{connection}", end);
}

}  // namespace inboxd::http
