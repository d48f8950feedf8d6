#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/refusal.hpp"
#include "core/result.hpp"
#include "core/rows.hpp"

/// Who is there (PROTOCOL 6). A user is online while at least one of his connections has said so and has
/// neither taken it back nor expired: that is, while he has rows.
namespace inboxd {

enum class PresenceSaid { kConnected, kDisconnected };

/// `{"connected":true}` or `{"disconnected":true}`.
Result<PresenceSaid, Refusal> read_presence(std::string_view payload);

struct PresenceEffects {
  std::vector<PresenceRow> put;
  std::vector<PresenceRow> removed;
  std::optional<bool> online;  ///< what the user has become, where that is a change
};

/// What a connection's word leads to. `rows` are those of its user.
PresenceEffects decide_presence(const PresenceRow& connection, PresenceSaid said,
                                const std::vector<PresenceRow>& rows);

/// What is left of a user's `rows` when those last seen before `horizon` are gone.
PresenceEffects expire_presence(const std::vector<PresenceRow>& rows, Millis horizon);

}  // namespace inboxd
