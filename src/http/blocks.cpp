#include <utility>

#include "http/resources.hpp"

namespace inboxd::http {
namespace {

constexpr std::size_t kMostBlocks = 1000;

/// Whom the request is about: the owner of the block, and the other.
struct Pair {
  PartyId owner;
  PartyId user;
};

Result<Pair, Response> pair_of(const Call& call) {
  auto owner = owner_of(call);
  if (!owner) return Failure<Response>(std::move(owner.error()));
  auto user = party_part(call.request, "blocked");
  if (!user) return Failure<Response>(std::move(user.error()));
  return Pair{*std::move(owner), *std::move(user)};
}

Response list_blocks(const Api& api, const Backend::Lease& lease, const Call& call) {
  const auto owner = owner_of(call);
  if (!owner) return owner.error();
  const auto limit = limit_of(call.request, kUsualPage, kMostBlocks);
  if (!limit) return limit.error();
  const auto after = after_of(call.request);
  if (!after) return after.error();
  std::vector<std::string> documents;
  for (const BlockRow& row : lease->store.blocks(api.topics.app, *owner, *after, *limit)) {
    documents.push_back(
        json::ObjectWriter().string("user", row.user.view()).integer("timestamp", row.at).finish());
  }
  return with_results(documents);
}

Response read_block(const Api& api, const Backend::Lease& lease, const Call& call) {
  const auto pair = pair_of(call);
  if (!pair) return pair.error();
  const auto row = lease->store.block(api.topics.app, pair->owner, pair->user);
  json::ObjectWriter writer;
  writer.string("user", pair->user.view()).boolean("blocked", row.has_value());
  if (row) writer.integer("timestamp", row->at);
  return with_result(writer.finish());
}

/// As the owner's client would say it to the broker.
void set_block(const Api& api, const Backend::Lease& lease, const Call& call, const Answer& answer,
               bool blocked) {
  const auto pair = pair_of(call);
  if (!pair) return (*answer)(pair.error());
  submit(api, lease,
         publication(block_update_key(api.topics, pair->owner, pair->user),
                     json::ObjectWriter().boolean("blocked", blocked).finish()),
         answer);
}

}  // namespace

void add_blocks(Router& router, Api& api) {
  add_resource(
      router, api, Method::kGet, "/{user}/blocks",
      [&api](const Backend::Lease& lease, const Call& call) { return list_blocks(api, lease, call); });
  add_resource(
      router, api, Method::kGet, "/{user}/blocks/{blocked}",
      [&api](const Backend::Lease& lease, const Call& call) { return read_block(api, lease, call); });
  for (const Method method : {Method::kPut, Method::kDelete}) {
    const bool blocked = method == Method::kPut;
    add_async_resource(router, api, method, "/{user}/blocks/{blocked}",
                       [&api, blocked](const Backend::Lease& lease, const Call& call, const Answer& answer) {
                         set_block(api, lease, call, answer, blocked);
                       });
  }
}

}  // namespace inboxd::http
