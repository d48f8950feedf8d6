#include "core/presence.hpp"

#include <algorithm>

#include "core/json.hpp"

namespace inboxd {
namespace {

/// A browser tab makes a connection, and any client can name any number of them.
constexpr std::size_t kMaxConnections = 64;

bool says(const json::Object& fields, std::string_view name) {
  return json::is_true(fields.find_value(name).value_or(""));
}

bool older(const PresenceRow& a, const PresenceRow& b) { return a.last_seen < b.last_seen; }

}  // namespace

Result<PresenceSaid, Refusal> read_presence(std::string_view payload) {
  const auto fields = json::parse_object(payload);
  if (!fields) return Failure<Refusal>(fields.error());
  if (says(*fields, "disconnected")) return PresenceSaid::kDisconnected;
  if (says(*fields, "connected")) return PresenceSaid::kConnected;
  return bad_field("presence must say connected or disconnected");
}

PresenceEffects decide_presence(const PresenceRow& connection, PresenceSaid said,
                                const std::vector<PresenceRow>& rows) {
  PresenceEffects effects;
  const auto known = std::find_if(rows.begin(), rows.end(),
                                  [&](const PresenceRow& row) { return row.client == connection.client; });
  if (said == PresenceSaid::kConnected) {
    if (known == rows.end() && rows.size() >= kMaxConnections) {
      effects.removed.push_back(*std::min_element(rows.begin(), rows.end(), older));
    }
    effects.put.push_back(connection);
    if (rows.empty()) effects.online = true;
    return effects;
  }
  if (known == rows.end()) return effects;
  effects.removed.push_back(*known);
  if (rows.size() == 1) effects.online = false;
  return effects;
}

PresenceEffects expire_presence(const std::vector<PresenceRow>& rows, Millis horizon) {
  PresenceEffects effects;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(effects.removed),
               [&](const PresenceRow& row) { return row.last_seen < horizon; });
  if (!rows.empty() && effects.removed.size() == rows.size()) effects.online = false;
  return effects;
}

}  // namespace inboxd
