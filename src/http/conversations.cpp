#include <utility>

#include "core/conversation.hpp"
#include "core/message.hpp"
#include "http/resources.hpp"

namespace inboxd::http {
namespace {

constexpr std::size_t kMostConversations = 200;

Resource list_conversations(const Api& api, bool archived) {
  return [&api, archived](const Backend::Lease& lease, const Call& call) {
    const auto owner = owner_of(call);
    if (!owner) return owner.error();
    std::vector<std::string> documents;
    for (const auto& [row, message] :
         lease->store.conversations(api.topics.app, *owner, archived, kMostConversations)) {
      documents.push_back(render_conversation(row, message));
    }
    return with_results(documents);
  };
}

Resource detail(const Api& api, bool archived) {
  return [&api, archived](const Backend::Lease& lease, const Call& call) {
    const auto owner = owner_of(call);
    if (!owner) return owner.error();
    const auto peer = party_part(call.request, "peer");
    if (!peer) return peer.error();
    const auto row = lease->store.conversation({api.topics.app, *owner, *peer});
    if (!row || row->archived != archived) return with_results({});
    const auto message = lease->store.message(api.topics.app, row->last_message);
    if (!message) return with_results({});
    return with_results({render_conversation(*row, *message)});
  };
}

/// `timestamp` or `timestamp,message_id`.
Result<std::optional<TimelinePosition>, Response> position(const Request& request, std::string_view name) {
  const auto text = request.parameter(name);
  if (!text) return std::nullopt;
  const auto comma = text->find(',');
  const auto millis = unsigned_value(std::string_view(*text).substr(0, comma));
  if (!millis || *millis > static_cast<std::uint64_t>(INT64_MAX)) {
    return fail(400,
                std::string(name) + " must be milliseconds since 1970, or these, a comma and a message id");
  }
  TimelinePosition at{static_cast<Millis>(*millis), {}};
  if (comma == std::string::npos) return at;
  const std::string id = text->substr(comma + 1);
  if (!is_valid_id(id)) return fail(400, std::string(name) + " holds a malformed message id");
  at.message = MessageId{id};
  return at;
}

Result<TimelinePage, Response> page_of(const Request& request) {
  const auto limit = limit_of(request, kUsualPage, kMostMessages);
  if (!limit) return Failure<Response>(limit.error());
  auto before = position(request, "before");
  if (!before) return Failure<Response>(std::move(before.error()));
  auto after = position(request, "after");
  if (!after) return Failure<Response>(std::move(after.error()));
  const std::string sort = request.parameter("sort").value_or("desc");
  if (sort != "asc" && sort != "desc") return fail(400, "sort must be asc or desc");
  return TimelinePage{*limit, sort == "desc", *std::move(before), *std::move(after)};
}

Response history(const Api& api, const Backend::Lease& lease, const Call& call) {
  const auto owner = owner_of(call);
  if (!owner) return owner.error();
  const auto peer = party_part(call.request, "peer");
  if (!peer) return peer.error();
  const auto page = page_of(call.request);
  if (!page) return page.error();
  std::vector<std::string> documents;
  for (const auto& [row, message] : lease->store.timeline({api.topics.app, *owner, *peer}, *page)) {
    documents.push_back(render_copy(message, row));
  }
  return with_results(documents);
}

void archive(const Api& api, const Backend::Lease& lease, const Call& call, const Answer& answer) {
  const auto body = body_of(call.request);
  if (!body) return (*answer)(body.error());
  const auto owner = acting_user(call.caller, *body, "user_id");
  if (!owner) return (*answer)(owner.error());
  const auto peer = party_part(call.request, "peer");
  if (!peer) return (*answer)(peer.error());
  submit(api, lease, publication(observer_archive_key(api.topics, *owner, *peer), "{}"), answer,
         success(201));
}

}  // namespace

void add_conversations(Router& router, Api& api) {
  add_resource(router, api, Method::kGet, "/{user}/conversations", list_conversations(api, false));
  add_resource(router, api, Method::kGet, "/{user}/conversations/archived", list_conversations(api, true));
  add_resource(router, api, Method::kGet, "/{user}/archived_conversations", list_conversations(api, true));
  add_resource(router, api, Method::kGet, "/{user}/conversations/{peer}", detail(api, false));
  add_resource(router, api, Method::kGet, "/{user}/archived_conversations/{peer}", detail(api, true));
  add_resource(router, api, Method::kGet, "/{user}/conversations/{peer}/messages",
               [&api](const Backend::Lease& lease, const Call& call) { return history(api, lease, call); });
  add_async_resource(router, api, Method::kDelete, "/conversations/{peer}",
                     [&api](const Backend::Lease& lease, const Call& call, const Answer& answer) {
                       archive(api, lease, call, answer);
                     });
}

}  // namespace inboxd::http
