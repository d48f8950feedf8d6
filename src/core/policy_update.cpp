#include "core/policy_update.hpp"

#include <utility>

#include "core/json.hpp"
#include "core/policy.hpp"

namespace inboxd {
namespace {

constexpr std::size_t kMaxReasonBytes = 512;

/// A member that must be there, and true or false.
std::optional<bool> truth(const json::Object& fields, std::string_view name) {
  const auto raw = fields.find(name);
  if (!raw || !(json::is_true(*raw) || json::is_false(*raw))) return std::nullopt;
  return json::is_true(*raw);
}

}  // namespace

Result<bool, Refusal> read_block_update(std::string_view payload) {
  const auto fields = json::parse_object(payload);
  if (!fields) return Failure<Refusal>(fields.error());
  const auto blocked = truth(*fields, "blocked");
  if (!blocked) return bad_field("blocked must be true or false");
  return *blocked;
}

std::optional<Refusal> block_problem(const PartyId& owner, const PartyId& user) {
  if (owner == user) return Refusal{Reason::kNotAllowed, "nobody can block himself"};
  if (user.view() == kSystemSender) return Refusal{Reason::kNotAllowed, "the system cannot be blocked"};
  if (names_a_group(owner) || names_a_group(user))
    return Refusal{Reason::kNotAllowed, "users can be blocked, groups cannot"};
  return std::nullopt;
}

std::string block_notice(const PartyId& user, bool blocked, Millis now) {
  return json::ObjectWriter(128)
      .string("user", user.view())
      .boolean("blocked", blocked)
      .integer("timestamp", now)
      .finish();
}

std::string block_refusal_notice(const PartyId& user, const Refusal& refusal) {
  const std::string error = json::ObjectWriter()
                                .string("code", told_code(refusal))
                                .string("message", told_detail(refusal))
                                .finish();
  return json::ObjectWriter().string("user", user.view()).raw("error", error).finish();
}

Result<BanUpdate, Refusal> read_ban_update(std::string_view payload) {
  const auto fields = json::parse_object(payload);
  if (!fields) return Failure<Refusal>(fields.error());
  const auto banned = truth(*fields, "banned");
  if (!banned) return bad_field("banned must be true or false");
  BanUpdate update{.banned = *banned, .reason = {}, .until = {}};
  if (const auto raw = fields->find_value("reason")) {
    auto reason = json::string_value(*raw);
    if (!reason || reason->size() > kMaxReasonBytes) return bad_field("reason must be a short string");
    update.reason = *std::move(reason);
  }
  if (const auto raw = fields->find_value("until")) {
    update.until = json::integer_value(*raw);
    if (!update.until || *update.until <= 0) {
      return bad_field("until must be a number of milliseconds since 1970");
    }
  }
  return update;
}

std::string ban_update(const BanUpdate& update) {
  json::ObjectWriter writer;
  writer.boolean("banned", update.banned);
  if (!update.reason.empty()) writer.string("reason", update.reason);
  if (update.until) writer.integer("until", *update.until);
  return writer.finish();
}

}  // namespace inboxd
