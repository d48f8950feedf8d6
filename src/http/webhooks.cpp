#include <algorithm>
#include <utility>

#include "http/resources.hpp"
#include "net/http_client.hpp"

namespace inboxd::http {
namespace {

constexpr std::size_t kUsualEvents = 100;
constexpr std::size_t kMostEvents = 1000;
/// Their list is bounded in bytes too.
constexpr std::size_t kMostReplayed = 10'000;

/// The host alone: path and query may hold secrets.
std::string host_of(const std::string& endpoint) {
  const auto url = net::parse_url(endpoint);
  return url ? url->host + ":" + std::to_string(url->port) : "invalid";
}

std::string document(const UndeliveredEvent& event) {
  json::ObjectWriter writer(event.row.body.size() + 256);
  writer.string("id", std::to_string(event.row.sequence))
      .string("event_id", event.row.event_id)
      .string("endpoint", host_of(event.row.endpoint))
      .integer("created_at", event.row.created_at)
      .integer("given_up_at", event.at)
      .raw("reason", json_string(event.reason))
      .integer("attempts", event.attempts);
  if (json::parse_object(event.row.body)) writer.raw("event", event.row.body);
  return writer.finish();
}

Response list_undelivered(const Backend::Lease& lease, const Call& call) {
  if (!call.caller.admin) return not_yours();
  const auto limit = limit_of(call.request, kUsualEvents, kMostEvents);
  if (!limit) return limit.error();
  std::vector<std::string> documents;
  for (const UndeliveredEvent& event : lease->store.undelivered(*limit)) documents.push_back(document(event));
  return with_results(documents);
}

/// The sequences that `ids` names, as numbers or strings.
std::optional<std::vector<std::uint64_t>> read_ids(std::string_view raw) {
  if (!json::is_array(raw)) return std::nullopt;
  std::vector<std::uint64_t> ids;
  std::string_view rest = raw.substr(1, raw.size() - 2);
  while (true) {
    const auto comma = rest.find(',');
    std::string_view item = rest.substr(0, comma);
    const auto first = item.find_first_not_of(" \t\r\n\"");
    if (first == std::string_view::npos) {
      if (comma == std::string_view::npos && ids.empty()) return ids;
      return std::nullopt;
    }
    item = item.substr(first, item.find_last_not_of(" \t\r\n\"") - first + 1);
    const auto id = unsigned_value(item);
    if (!id) return std::nullopt;
    ids.push_back(*id);
    if (comma == std::string_view::npos) return ids;
    rest.remove_prefix(comma + 1);
  }
}

/// Puts them back where they were. Their age counts anew: they were given up for it, most likely.
/// Those of endpoints that nothing is sent to now stay where they are.
std::size_t put_back(const Api& api, Store& store, std::vector<UndeliveredEvent> events) {
  Commit commit;
  const auto& served = api.settings.endpoints;
  for (UndeliveredEvent& event : events) {
    if (std::find(served.begin(), served.end(), event.row.endpoint) == served.end()) continue;
    commit.removed_undelivered.push_back(event.row.sequence);
    event.row.created_at = api.clock.now();
    commit.outbox.push_back(std::move(event.row));
  }
  const std::size_t count = commit.outbox.size();
  if (count > 0) store.commit(commit);
  return count;
}

Response replay(const Api& api, const Backend::Lease& lease, const Call& call) {
  if (!call.caller.admin) return not_yours();
  const auto body = body_of(call.request);
  if (!body) return body.error();
  std::vector<UndeliveredEvent> events;
  std::size_t replayed = 0;
  if (json::is_true(body->find_value("all").value_or(""))) {
    // The newest; whoever has more asks again.
    replayed = put_back(api, lease->store, lease->store.undelivered(kMostReplayed));
  } else {
    const auto raw = body->find_value("ids");
    if (!raw) return missing("ids");
    const auto ids = read_ids(*raw);
    if (!ids || ids->size() > kMostEvents) return error_response(400, "ids must list at most 1000 ids");
    for (const std::uint64_t id : *ids) {
      if (auto event = lease->store.undelivered_event(id)) events.push_back(*std::move(event));
    }
    replayed = put_back(api, lease->store, std::move(events));
  }
  if (replayed > 0) api.rescan();
  return {200, "application/json",
          json::ObjectWriter()
              .boolean("success", true)
              .integer("replayed", static_cast<std::int64_t>(replayed))
              .finish()};
}

}  // namespace

void add_webhooks(Router& router, Api& api) {
  add_resource(router, api, Method::kGet, "/webhooks/undelivered", list_undelivered);
  add_resource(router, api, Method::kPost, "/webhooks/replay",
               [&api](const Backend::Lease& lease, const Call& call) { return replay(api, lease, call); });
}

}  // namespace inboxd::http
