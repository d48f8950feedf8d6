#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/group.hpp"
#include "core/id.hpp"
#include "core/message.hpp"
#include "core/policy.hpp"
#include "core/refusal.hpp"
#include "core/rows.hpp"
#include "core/topic.hpp"

/// The rules of PROTOCOL 2-4: what a message leads to, told from the message and the little state it depends
/// on. Pure: no I/O, no clock, no chance but what is passed in.
namespace inboxd {

struct Rules {
  Topics topics;
  std::size_t fanout_slice = 256;  ///< a group's members beyond this many are served by a job
  PolicyRules policy = {};
};

/// What is known when a client's message is decided.
struct SendState {
  /// The recipient as a stored group; null where it is none.
  std::shared_ptr<const Group> group;
  /// The group has a job unfinished: later messages queue behind it, so that no member gets them first.
  bool group_is_busy = false;
  /// The newest timestamp in the conversation.
  std::optional<Millis> newest;
  Millis now = 0;
  /// The id that a new message gets.
  MessageId fresh_id;
  PolicyState policy;
};

/// One message's place in one inbox.
struct Copy {
  TimelineRow row;
  bool is_new = true;  ///< what becomes of the owner's conversation
};

/// A message that is to be stored, and delivered where `announce` says so.
struct Accepted {
  StoredMessage message;
  std::vector<Copy> copies;
  bool updates_conversations = true;
  bool announce = true;
  /// The members that a fan-out job is to serve, after all of `copies`. Whether they block the sender is to
  /// be asked again then.
  std::vector<PartyId> deferred;
  std::size_t withheld = 0;  ///< copies that are not made because of a block
};

/// What a message leads to, and which filters it met on the way.
struct Decision {
  std::variant<Accepted, Refusal> outcome;
  std::vector<FilterMatch> matches;
};

/// A message that is in the store already.
struct Repeated {
  StoredMessage message;
  /// The rows to publish again, where they exist. Of a client's resend his own alone; of a message that may
  /// never have been published, everybody's.
  std::vector<TimelineRow> announce;
};

/// Decides a client's message. `draft` was read from its payload.
Decision decide_send(const Address& address, const Draft& draft, const SendState& state, const Rules& rules);

/// Decides one that was accepted before under the same tempUID or fingerprint.
Repeated decide_repeat(const Address& address, const Draft& draft, StoredMessage earlier,
                       bool may_be_unpublished, const std::shared_ptr<const Group>& group);

/// Decides a back end's `.delivered` or `.persist`. `stored` is the message of that id, where there is one:
/// its body, sender and timestamp stand, and it was judged when it came in. Of the policies, blocks apply to
/// every copy; bans and filters to a message that is new; limits and the hook, which are for clients, to
/// none. `policy` is what is known of the sender: the stored message's, where there is one.
Decision decide_backend(const Address& address, const BackendMessage& message,
                        std::optional<StoredMessage> stored, const PolicyState& policy, const Rules& rules);

/// A member's copy of a group message, as a fan-out job makes it.
Copy member_copy(const StoredMessage& message, const PartyId& member);

/// PROTOCOL 12: what tells the sender that his message to `peer` was refused.
struct Notice {
  std::vector<std::string> keys;
  std::string payload;
};

/// `temp_uid` as the message had it. Nothing where no topic can carry the news.
std::optional<Notice> refusal_notice(const Topics& topics, const PartyId& sender, const PartyId& peer,
                                     const std::optional<std::string>& temp_uid, const Refusal& refusal);

}  // namespace inboxd
