#include "core/screening.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/json.hpp"

namespace inboxd {
namespace {

bool is_system(const PartyId& sender) noexcept { return sender.view() == kSystemSender; }

/// Of a group that is not stored, the members are those that the message brings along, the sender among them.
bool is_member(const Draft& draft, const PartyId& sender, const Group* group) {
  if (group == nullptr) return draft.group_members.has_value();
  return std::find(group->members.begin(), group->members.end(), sender) != group->members.end();
}

std::optional<Refusal> check_group(const Address& address, const Draft& draft, const Group* group,
                                   const PolicyRules& rules) {
  if (draft.group_members && draft.group_members->size() > rules.max_group_members) {
    return Refusal{Reason::kGroupTooLarge,
                   "a group may have " + std::to_string(rules.max_group_members) + " members"};
  }
  if (rules.group_send == GroupSend::kMembers && !is_member(draft, address.owner, group)) {
    return Refusal{Reason::kNotMember, "only members may send to this group"};
  }
  return std::nullopt;
}

/// The hook's attributes, but for those that the engine and the sender's clients go by: of whom the message
/// is hidden from, and of whether it is told of, the sender's word stands. A tempUID that he did not give is
/// that of another message, on which the same verdict was given.
std::string amended_attributes(const std::string& attributes, const Draft& draft) {
  constexpr std::array<std::string_view, 5> kOwn{"tempUID", "hiddenFor", "privateFor", "updateconversation",
                                                 "sendnotification"};
  const auto own = json::parse_object(draft.fields.find_value("attributes").value_or("{}"));
  const auto replaced = json::parse_object(attributes);
  if (!own || !replaced) return attributes;
  json::ObjectWriter writer(attributes.size() + 256);
  for (const std::string_view key : kOwn) {
    if (const auto raw = own->find(key)) writer.raw(key, *raw);
  }
  for (const auto& [key, raw] : replaced->members()) {
    if (key != "tempUID" && !(own->find(key) && std::find(kOwn.begin(), kOwn.end(), key) != kOwn.end())) {
      writer.raw(key, raw);
    }
  }
  return writer.finish();
}

std::vector<json::Change> changes_of(const HookVerdict& verdict, const Draft& draft) {
  std::vector<json::Change> changes;
  if (verdict.text) changes.emplace_back("text", *verdict.text);
  if (verdict.attributes) changes.emplace_back("attributes", amended_attributes(*verdict.attributes, draft));
  return changes;
}

/// Whether what the hook made of the message is one.
bool apply_hook(const HookVerdict& verdict, const Draft& draft, const PolicyRules& rules,
                Screened& screened) {
  const auto changes = changes_of(verdict, draft);
  if (changes.empty()) return true;
  screened.texts.push_back(json::with_changes(draft.fields, changes));
  auto amended = read_draft(screened.texts.back());
  if (!amended || screened.texts.back().size() > rules.max_message_bytes) {
    screened.texts.pop_back();
    return false;
  }
  // By that it is known again, whatever the hook says.
  amended->temp_uid = draft.temp_uid;
  screened.draft = *std::move(amended);
  return true;
}

std::optional<Refusal> ask_hook(const Draft& draft, const PolicyState& state, const PolicyRules& rules,
                                Screened& screened) {
  const HookVerdict verdict = state.hook.value_or(HookVerdict{});
  if (verdict.kind == HookVerdict::Kind::kReject) {
    return Refusal{.reason = Reason::kHookRejected,
                   .detail = "the policy hook rejects it",
                   .told_code = verdict.code,
                   .told_detail = verdict.message};
  }
  const bool understood =
      verdict.kind == HookVerdict::Kind::kAllow && apply_hook(verdict, draft, rules, screened);
  if (understood || rules.hook_fail_open) return std::nullopt;
  return Refusal{Reason::kHookUnavailable, "it cannot be checked at present; try again later"};
}

}  // namespace

bool is_blocked(const PolicyState& state, const PartyId& owner, const PartyId& sender) {
  return owner != sender && !is_system(sender) && state.blocked_by && state.blocked_by(owner);
}

Refusal refusal_of(const BanRow& ban) {
  std::string detail = "you may not send anything";
  if (!ban.reason.empty()) detail += ": " + ban.reason;
  return {Reason::kBanned, std::move(detail)};
}

std::optional<Refusal> admit(const Address& address, const Draft& draft, const PolicyState& state,
                             const Group* group, const PolicyRules& rules) {
  const bool spared = is_system(address.owner);
  if (state.ban && !spared) return refusal_of(*state.ban);
  if (state.retry_after) {
    Refusal refusal{Reason::kRateLimited, "too many messages; try again later"};
    refusal.retry_after = state.retry_after;
    return refusal;
  }
  if (spared) return std::nullopt;
  if (is_for_group(draft, address.peer)) {
    if (auto refusal = check_group(address, draft, group, rules)) return refusal;
  }
  // A message to a person may call itself a group's.
  if (names_a_group(address.peer)) return std::nullopt;
  if (rules.block_notice == BlockNotice::kTold && is_blocked(state, address.peer, address.owner)) {
    return Refusal{Reason::kBlocked, "the recipient does not take messages from you"};
  }
  return std::nullopt;
}

Result<Screened, Refusal> screen(const AppId& app, const Address& address, const Draft& draft,
                                 const PolicyState& state, const PolicyRules& rules,
                                 std::vector<FilterMatch>& matches) {
  Screened screened;
  if (is_system(address.owner)) return screened;
  if (rules.asks_hook) {
    if (auto refusal = ask_hook(draft, state, rules, screened)) return Failure<Refusal>(*std::move(refusal));
  }
  const Draft& judged = screened.draft ? *screened.draft : draft;
  auto filtered =
      screen_content(content_of(app, address.owner, address.peer, judged), judged, state.filter, matches);
  if (!filtered) return filtered;
  // What the filters left as it was may refer to what the hook made.
  filtered->texts.splice(filtered->texts.end(), screened.texts);
  if (!filtered->draft) filtered->draft = std::move(screened.draft);
  return filtered;
}

Content content_of(const AppId& app, const PartyId& sender, const PartyId& recipient, const Draft& draft) {
  return {.app = app,
          .sender = sender,
          .recipient = recipient,
          .direct = !names_a_group(recipient),
          .group = is_for_group(draft, recipient),
          .fields = draft.fields};
}

Result<Screened, Refusal> screen_content(const Content& content, const Draft& draft,
                                         const ContentFilter* filter, std::vector<FilterMatch>& matches) {
  Screened screened;
  if (filter == nullptr) return screened;
  Judgement judgement = filter->judge(content);
  matches = std::move(judgement.matches);
  if (judgement.rejection) {
    return Failure<Refusal>(Refusal{
        .reason = Reason::kFiltered,
        .detail = "rejected by the filter " + (matches.empty() ? std::string("?") : matches.back().rule),
        .told_code = std::move(judgement.rejection->code),
        .told_detail = std::move(judgement.rejection->message)});
  }
  screened.shadowed = judgement.shadowed;
  if (judgement.changes.empty()) return screened;
  screened.texts.push_back(json::with_changes(content.fields, judgement.changes));
  auto fields = json::parse_object(screened.texts.back());
  if (!fields) return Failure<Refusal>(std::move(fields.error()));
  // Only what the message says changes, not what the engine read from it: a mask must not reveal it to
  // somebody.
  screened.draft = draft;
  screened.draft->fields = *std::move(fields);
  return screened;
}

}  // namespace inboxd
