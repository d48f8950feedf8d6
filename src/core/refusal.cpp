#include "core/refusal.hpp"

#include <algorithm>

namespace inboxd {

std::string_view code_of(Reason reason) noexcept {
  switch (reason) {
    case Reason::kBadTopic:
      return "bad_topic";
    case Reason::kBadId:
      return "bad_id";
    case Reason::kWrongApp:
      return "wrong_app";
    case Reason::kKeyTooLong:
      return "key_too_long";
    case Reason::kForeignExchange:
      return "foreign_exchange";
    case Reason::kTooLarge:
      return "too_large";
    case Reason::kTooDeep:
      return "too_deep";
    case Reason::kBadJson:
      return "bad_json";
    case Reason::kBadField:
      return "bad_field";
    case Reason::kBadStatus:
      return "bad_status";
    case Reason::kFanoutFull:
      return "fanout_full";
    case Reason::kNotFound:
      return "not_found";
    case Reason::kNotAllowed:
      return "not_allowed";
    case Reason::kBanned:
      return "banned";
    case Reason::kBlocked:
      return "blocked";
    case Reason::kRateLimited:
      return "rate_limited";
    case Reason::kNotMember:
      return "not_member";
    case Reason::kGroupTooLarge:
      return "group_too_large";
    case Reason::kTooManyBlocks:
      return "too_many_blocks";
    case Reason::kFiltered:
      return "filtered";
    case Reason::kHookRejected:
      return "hook_rejected";
    case Reason::kHookUnavailable:
      return "hook_unavailable";
  }
  return "unknown";
}

std::optional<Reason> reason_from_code(std::string_view code) noexcept {
  const auto* found = std::find_if(kAllReasons.begin(), kAllReasons.end(),
                                   [code](Reason reason) { return code_of(reason) == code; });
  if (found == kAllReasons.end()) return std::nullopt;
  return *found;
}

bool may_be_replayed(Reason reason) noexcept { return reason != Reason::kForeignExchange; }

std::string_view told_code(const Refusal& refusal) noexcept {
  return refusal.told_code.empty() ? code_of(refusal.reason) : std::string_view(refusal.told_code);
}

const std::string& told_detail(const Refusal& refusal) noexcept {
  return refusal.told_detail.empty() ? refusal.detail : refusal.told_detail;
}

}  // namespace inboxd
