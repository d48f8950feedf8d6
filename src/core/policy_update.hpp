#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/id.hpp"
#include "core/refusal.hpp"
#include "core/result.hpp"
#include "core/rows.hpp"

/// The words by which users block each other, and administrators ban users (docs/policies.md).
namespace inboxd {

/// `{"blocked": true|false}`
Result<bool, Refusal> read_block_update(std::string_view payload);

/// Why `owner` cannot block `user`, if he cannot.
std::optional<Refusal> block_problem(const PartyId& owner, const PartyId& user);

/// What the owner's devices are told: `{"user","blocked","timestamp"}`.
std::string block_notice(const PartyId& user, bool blocked, Millis now);
/// Likewise, where it was refused: `{"user","error":{"code","message"}}`.
std::string block_refusal_notice(const PartyId& user, const Refusal& refusal);

/// `{"banned": true, "reason"?: …, "until"?: ms since 1970}`, or `{"banned": false}`.
struct BanUpdate {
  bool banned = false;
  std::string reason;  ///< at most 512 bytes
  std::optional<Millis> until;
};
Result<BanUpdate, Refusal> read_ban_update(std::string_view payload);

/// The update as a back end writes it.
std::string ban_update(const BanUpdate& update);

}  // namespace inboxd
