#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.hpp"

namespace inboxd {

/// Why the engine would not process a delivery. The code of each (`code_of`) is what senders, dead letters
/// and metrics show; codes are stable.
enum class Reason {
  kBadTopic,         ///< too few or too many levels, or an unknown operation
  kBadId,            ///< an id outside the alphabet of PROTOCOL 1, or a reserved one
  kWrongApp,         ///< a tenant that this engine does not serve
  kKeyTooLong,       ///< a key derived from the message would pass 255 bytes
  kForeignExchange,  ///< came through an exchange other than amq.topic: the sender may be forged
  kTooLarge,         ///< more bytes than the limit
  kTooDeep,          ///< JSON nested deeper than the limit
  kBadJson,          ///< not JSON, not UTF-8, or not an object
  kBadField,         ///< a field of the wrong type
  kBadStatus,        ///< a back end's delivery of a status that no recipient's copy can have
  kNotFound,         ///< a receipt, patch or event for what does not exist
  kNotAllowed,       ///< what it asks for is not the asker's to ask: a receipt from one who received nothing
  kFanoutFull,       ///< as many messages to large groups wait as may
  kBanned,           ///< its sender may send nothing
  kBlocked,          ///< its recipient wants nothing of its sender
  kRateLimited,      ///< its sender, his app, or the two of a conversation, send more than they may
  kNotMember,        ///< a group that only members may write to
  kGroupTooLarge,    ///< more members than a group may have
  kTooManyBlocks,    ///< its sender blocks as many users as he may
  kFiltered,         ///< a content filter rejects it
  kHookRejected,     ///< the policy hook rejects it
  kHookUnavailable,  ///< the policy hook gave no verdict, and without one nothing passes
};

inline constexpr std::array kAllReasons = {
    Reason::kBadTopic,        Reason::kBadId,           Reason::kWrongApp,      Reason::kKeyTooLong,
    Reason::kForeignExchange, Reason::kTooLarge,        Reason::kTooDeep,       Reason::kBadJson,
    Reason::kBadField,        Reason::kBadStatus,       Reason::kNotFound,      Reason::kNotAllowed,
    Reason::kFanoutFull,      Reason::kBanned,          Reason::kBlocked,       Reason::kRateLimited,
    Reason::kNotMember,       Reason::kGroupTooLarge,   Reason::kTooManyBlocks, Reason::kFiltered,
    Reason::kHookRejected,    Reason::kHookUnavailable,
};

/// The stable code of a reason, e.g. `bad_topic`.
std::string_view code_of(Reason reason) noexcept;

/// The reason that a code stands for, if any.
std::optional<Reason> reason_from_code(std::string_view code) noexcept;

/// Whether an operator may put such a delivery before the engine again. Not one that came from outside
/// amq.topic: the broker did not check who sent it, and replaying it would launder the forgery.
bool may_be_replayed(Reason reason) noexcept;

/// A refusal. `detail` is for people (logs, dead letters, the sender) and never quotes the message's text.
struct Refusal {
  Reason reason;
  std::string detail;
  /// What the sender is told instead of the reason's code and `detail`, where an operator's rule says so.
  std::string told_code = {};
  std::string told_detail = {};
  /// When the same message may be accepted, at the earliest: seconds from now.
  std::optional<std::int64_t> retry_after = {};
};

/// A refusal as an error to return.
inline Failure<Refusal> refuse(Reason reason, std::string detail) {
  return Failure<Refusal>(Refusal{reason, std::move(detail)});
}
inline Failure<Refusal> bad_field(std::string detail) { return refuse(Reason::kBadField, std::move(detail)); }

/// What the sender is told.
std::string_view told_code(const Refusal& refusal) noexcept;
const std::string& told_detail(const Refusal& refusal) noexcept;

}  // namespace inboxd
