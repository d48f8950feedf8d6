#include <utility>

#include "core/message.hpp"
#include "http/outgoing.hpp"
#include "http/resources.hpp"

namespace inboxd::http {
namespace {

void send(const Api& api, const Backend::Lease& lease, const Call& call, const Answer& answer) {
  auto outgoing = read_outgoing(call);
  if (!outgoing) return (*answer)(std::move(outgoing.error()));
  lease->submitter.submit({publication_of(api.topics, *std::move(outgoing))}, Submitter::Await::kCommit,
                          api.settings.request_timeout, [answer](const Verdict& verdict) {
                            auto problem = problem_of(verdict);
                            (*answer)(problem ? *std::move(problem) : sent_response(verdict));
                          });
}

/// The copy, saying whose timeline it came into. A client's own fields of these names must not speak for it.
std::string with_place(const TimelineEntry& entry) {
  const std::string copy = render_copy(entry.message, entry.row);
  const auto fields = json::parse_object(copy).value_or(json::Object({}));
  json::ObjectWriter writer(copy.size() + 96);
  for (const auto& [key, raw] : fields.members()) {
    if (key != "timelineOf" && key != "conversWith") writer.raw(key, raw);
  }
  return writer.string("timelineOf", entry.row.timeline.owner.view())
      .string("conversWith", entry.row.timeline.peer.view())
      .finish();
}

Response since(const Api& api, const Backend::Lease& lease, const Call& call) {
  const auto owner = party_part(call.request, "user");
  if (!owner) return owner.error();
  if (!call.caller.is_or_admin(*owner)) return not_yours();
  const auto cursor = unsigned_value(call.request.parameter("since").value_or("0"));
  if (!cursor) return error_response(400, "since must be a cursor that an earlier answer gave");
  const auto limit = limit_of(call.request, kUsualPage, kMostMessages);
  if (!limit) return limit.error();

  const ArrivalPage page = lease->store.arrivals(api.topics.app, *owner, *cursor, *limit);
  std::vector<std::string> documents;
  documents.reserve(page.entries.size());
  for (const ArrivalEntry& arrival : page.entries) documents.push_back(with_place(arrival.entry));
  // What is older than the retention may be gone; from the very beginning, nobody can say.
  const bool complete =
      *cursor != 0 && time_of_arrival(*cursor) >= api.clock.now() - api.settings.sync_retention.count();
  const std::string result = array_of(documents);
  return {200, "application/json",
          json::ObjectWriter(result.size() + 128)
              .boolean("success", true)
              .raw("result", result)
              .string("cursor", std::to_string(page.next))
              .boolean("more", page.more)
              .boolean("complete", complete)
              .finish()};
}

}  // namespace

void add_messages(Router& router, Api& api) {
  add_async_resource(router, api, Method::kPost, "/messages",
                     [&api](const Backend::Lease& lease, const Call& call, const Answer& answer) {
                       send(api, lease, call, answer);
                     });
  add_resource(router, api, Method::kGet, "/{user}/messages",
               [&api](const Backend::Lease& lease, const Call& call) { return since(api, lease, call); });
}

}  // namespace inboxd::http
