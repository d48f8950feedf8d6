#include "http/group_policy.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "core/content_filter.hpp"
#include "http/group_document.hpp"

namespace inboxd::http {
namespace {

/// What others get to read by it, as a message's text: its name, and the names of those who join.
std::string text_for(const GroupPlan& plan) {
  std::string text = plan.name.value_or("");
  for (const PartyId& newcomer : plan.newcomers) text += "\n" + newcomer.str();
  return text;
}

std::string message_of(const GroupPlan& plan) {
  json::ObjectWriter writer;
  writer.string("text", text_for(plan));
  if (plan.attributes) writer.raw("attributes", *plan.attributes);
  return writer.finish();
}

/// A name cannot be masked, nor shown to its author alone: only a flag lets it through.
std::optional<Refusal> refusal_of(const Judgement& judgement) {
  const auto objection =
      std::find_if(judgement.matches.begin(), judgement.matches.end(),
                   [](const FilterMatch& match) { return match.action != FilterAction::kFlag; });
  if (objection == judgement.matches.end()) return std::nullopt;
  Refusal refusal{.reason = Reason::kFiltered, .detail = "rejected by the filter " + objection->rule};
  if (judgement.rejection) {
    refusal.told_code = judgement.rejection->code;
    refusal.told_detail = judgement.rejection->message;
  }
  return refusal;
}

std::optional<Response> filter(const Api& api, const FilterSource* source, const Caller& caller,
                               const GroupPlan& plan) {
  const auto content = source == nullptr ? nullptr : source->current();
  if (content == nullptr) return std::nullopt;
  const std::string message = message_of(plan);
  const auto fields = json::parse_object(message);
  if (!fields) return refusal_response(fields.error());
  const auto refusal = refusal_of(content->judge({.app = api.topics.app,
                                                  .sender = caller.user,
                                                  .recipient = plan.group.id,
                                                  .direct = false,
                                                  .group = true,
                                                  .fields = *fields}));
  if (!refusal) return std::nullopt;
  return refusal_response(*refusal);
}

void leave_out(GroupPlan& plan, const std::vector<PartyId>& users) {
  const auto left_out = [&users](const PartyId& id) { return has_member(users, id); };
  std::erase_if(plan.group.members, left_out);
  std::erase_if(plan.newcomers, left_out);
  std::erase_if(plan.notify, left_out);
  plan.group.json = with_fields(plan.group.json, {{"members", members_json(plan.group.members)}});
}

}  // namespace

std::optional<Response> apply_policies(const Api& api, const Backend::Lease& lease, const Caller& caller,
                                       GroupPlan& plan) {
  if (caller.admin) return std::nullopt;
  std::vector<PartyId> unwilling;
  for (const PartyId& newcomer : plan.newcomers) {
    if (lease->store.block(api.topics.app, newcomer, caller.user)) unwilling.push_back(newcomer);
  }
  if (!unwilling.empty() && api.settings.block_notice == BlockNotice::kTold) {
    return refusal_response({Reason::kBlocked, unwilling.front().str() + " does not take messages from you"});
  }
  if (!unwilling.empty()) leave_out(plan, unwilling);
  return filter(api, lease->content, caller, plan);
}

}  // namespace inboxd::http
