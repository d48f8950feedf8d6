#include <utility>

#include "http/group_document.hpp"
#include "http/resources.hpp"

namespace inboxd::http {
namespace {

/// In larger groups nobody is told: typing is not worth a publication for each of so many.
constexpr std::size_t kMostTold = 256;
constexpr std::size_t kMaxTextBytes = 4096;

Result<std::string, Response> payload_of(const Api& api, const json::Object& body, const PartyId& writer_id,
                                         bool over) {
  const auto text = body.find_value("text");
  if (text && (!json::is_string(*text) || text->size() > kMaxTextBytes)) {
    return fail(400, "text must be a short string");
  }
  const auto timestamp = body.find_value("timestamp");
  if (timestamp && !json::integer_value(*timestamp)) {
    return fail(400, "timestamp must be a number");
  }
  json::ObjectWriter writer;
  writer.string("writer_id", writer_id.view());
  writer.raw("text", over ? "\"\"" : text.value_or("\"\""));
  writer.raw("timestamp", timestamp ? std::string(*timestamp) : std::to_string(api.clock.now()));
  return writer.finish();
}

/// Whether either wants nothing of the other.
bool is_blocked(const Store& store, const AppId& app, const PartyId& one, const PartyId& other) {
  return store.block(app, one, other).has_value() || store.block(app, other, one).has_value();
}

/// The inboxes that hear of it, each with the peer that it shows there.
std::vector<std::string> keys_of(const Topics& topics, const Store& store, const PartyId& writer,
                                 const PartyId& recipient, const std::optional<Group>& group) {
  std::vector<std::string> keys;
  if (!group) {
    if (is_blocked(store, topics.app, writer, recipient)) return keys;
    return typing_keys(topics, recipient, writer);
  }
  if (group->members.size() > kMostTold) return keys;
  for (const PartyId& member : group->members) {
    if (member == writer || is_blocked(store, topics.app, writer, member)) continue;
    for (std::string& key : typing_keys(topics, member, recipient)) keys.push_back(std::move(key));
  }
  return keys;
}

Response publish(const Api& api, const Backend::Lease& lease, const Call& call, bool over) {
  const auto recipient = party_part(call.request, "recipient");
  if (!recipient) return recipient.error();
  const auto body = body_of(call.request);
  if (!body) return body.error();
  const auto writer = acting_user(call.caller, *body, "writer_id");
  if (!writer) return writer.error();
  if (auto banned = ban_problem(api, lease->store, *writer)) return *std::move(banned);
  auto text = payload_of(api, *body, *writer, over);
  if (!text) return text.error();
  const auto group = lease->store.group(api.topics.app, *recipient);
  if (group && !call.caller.admin && !has_member(group->members, *writer)) return not_yours();

  const auto payload = std::make_shared<const std::string>(*std::move(text));
  std::vector<Publication> parts;
  for (std::string& key : keys_of(api.topics, lease->store, *writer, *recipient, group)) {
    if (key.size() <= kMaxKeyBytes) parts.push_back({std::move(key), payload});
  }
  if (!parts.empty()) {
    lease->submitter.submit(std::move(parts), Submitter::Await::kConfirm, api.settings.request_timeout,
                            [](const Verdict&) {});
  }
  return success();
}

}  // namespace

void add_typings(Router& router, Api& api) {
  for (const Method method : {Method::kPut, Method::kDelete}) {
    const bool over = method == Method::kDelete;
    add_resource(router, api, method, "/typings/{recipient}",
                 [&api, over](const Backend::Lease& lease, const Call& call) {
                   return publish(api, lease, call, over);
                 });
  }
}

}  // namespace inboxd::http
