#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/content_filter.hpp"
#include "core/id.hpp"
#include "core/rows.hpp"

/// What may be sent, by whom and to whom: the values that the rules in `decide` go by (docs/policies.md has
/// the order in which they are asked).
namespace inboxd {

/// The engine's own voice: no policy applies to it, and nobody can block it.
inline constexpr std::string_view kSystemSender = "system";

/// Who may send to a group.
enum class GroupSend { kAnyone, kMembers };

/// What a blocked sender is told: nothing, or that his message was refused.
enum class BlockNotice { kSilent, kTold };

struct PolicyRules {
  BlockNotice block_notice = BlockNotice::kSilent;
  GroupSend group_send = GroupSend::kAnyone;
  std::size_t max_group_members = 100'000;
  std::size_t max_blocks = 1'000;                           ///< users that one user may block
  bool asks_hook = false;                                   ///< there is a policy hook
  bool hook_fail_open = true;                               ///< without the hook's verdict a message passes
  std::size_t max_message_bytes = std::size_t{256} * 1024;  ///< also of what the hook makes of one
};

/// What the policy hook is asked. Refers to its parts.
struct HookQuestion {
  std::string_view app;
  std::string_view sender;
  std::string_view recipient;
  bool group = false;
  std::string_view message;  ///< the JSON object that the sender wrote
};

/// What the policy hook says of one message.
struct HookVerdict {
  enum class Kind {
    kAllow,
    kReject,
    kUnavailable,  ///< no answer in time, or none that can be understood
  };
  Kind kind = Kind::kUnavailable;
  std::string code;     ///< of kReject: what the sender is told
  std::string message;  ///< likewise
  /// Of kAllow: the JSON texts that take the place of the message's own; a string, and an object.
  std::optional<std::string> text;
  std::optional<std::string> attributes;

  friend bool operator==(const HookVerdict&, const HookVerdict&) = default;
};

/// Whether the owner of an inbox blocks the sender in question.
using BlockedBy = std::function<bool(const PartyId& owner)>;

/// What is known of a message's sender, and of what is to be asked about it.
struct PolicyState {
  std::optional<BanRow> ban;                ///< the sender's, where one is in force
  std::optional<std::int64_t> retry_after;  ///< set where he is over a limit: seconds
  BlockedBy blocked_by;                     ///< empty: nobody blocks him
  const ContentFilter* filter = nullptr;    ///< null: there is none
  std::optional<HookVerdict> hook;          ///< nothing where the hook was not asked, or said nothing
};

}  // namespace inboxd
