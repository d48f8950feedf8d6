#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.hpp"
#include "core/json.hpp"
#include "core/refusal.hpp"
#include "core/result.hpp"
#include "core/rows.hpp"

/// Messages as clients and back ends write them, and as the engine hands them on (PROTOCOL 2).
namespace inboxd {

/// A message as it came in, its known fields checked. Refers to the text that it was read from.
struct Draft {
  json::Object fields;
  /// `attributes.tempUID`, where it can name a message: 1-255 bytes without NUL.
  std::optional<std::string> temp_uid;
  std::optional<Millis> timestamp;
  bool group_channel = false;                         ///< `channel_type` is `group`
  bool updates_conversation = true;                   ///< not `attributes.updateconversation === false`
  bool silent = false;                                ///< `attributes.sendnotification === false`
  bool history = false;                               ///< `__history` is set
  std::vector<std::string> hidden_for;                ///< `attributes.hiddenFor` and `privateFor`, as written
  std::optional<std::vector<PartyId>> group_members;  ///< of the inline `group`, where there is one
};

/// What a back end's message must bring along (PROTOCOL 2: `.delivered` and `.persist`).
struct BackendMessage {
  Draft draft;
  MessageId id;
  PartyId sender;
  PartyId recipient;
  Millis timestamp = 0;
  std::optional<Status> status;
};

/// Checks a client's message. Refuses what is not JSON, and known fields of the wrong type: recipients'
/// clients would trip over them.
Result<Draft, Refusal> read_draft(std::string_view payload);

/// As read_draft, for a back end's message.
Result<BackendMessage, Refusal> read_backend_message(std::string_view payload);

/// `attributes.tempUID` of a payload that may have been refused; nothing where it cannot be told.
std::optional<std::string> temp_uid_of(std::string_view payload);

/// The body to store: what the client wrote but for the fields that are the engine's to set.
std::string compose_body(const Draft& draft, const MessageId& id, const AppId& app, const PartyId& sender,
                         const PartyId& recipient, Millis timestamp);

/// The message as one inbox gets it.
std::string render_copy(const StoredMessage& message, const TimelineRow& row);

/// Whether a message to `recipient` is for a group (PROTOCOL 4).
bool is_for_group(const Draft& draft, const PartyId& recipient) noexcept;

/// The timestamp of a new message: the client's, where that is not more than a second in the future; else the
/// engine's own, above `newest` of the conversation but at most a second ahead of `now` (PROTOCOL 2).
Millis assign_timestamp(std::optional<Millis> client, std::optional<Millis> newest, Millis now) noexcept;

/// The status that a number stands for, where it is one of PROTOCOL 2.
std::optional<Status> status_from(std::int64_t number) noexcept;

}  // namespace inboxd
