#pragma once

#include <list>
#include <optional>
#include <string>
#include <vector>

#include "core/message.hpp"
#include "core/policy.hpp"
#include "core/refusal.hpp"
#include "core/result.hpp"
#include "core/topic.hpp"

/// The policies on one message: who may send, and what he may say. They are asked in the order of this page
/// (docs/policies.md): admit() first, then screen(). Whose block withholds which copy is asked last, as the
/// copies are made, so that a sender who is not to be told cannot tell from anything else.
namespace inboxd {

/// Why the sender may not send this now: he is banned, over a limit, no member of the group, or, where he is
/// to be told, blocked. `group` is the recipient as a stored group, or null.
std::optional<Refusal> admit(const Address& address, const Draft& draft, const PolicyState& state,
                             const Group* group, const PolicyRules& rules);

/// A message as the policies leave it.
struct Screened {
  /// Takes the place of the sender's, where anything was changed. Refers to `texts`.
  std::optional<Draft> draft;
  std::list<std::string> texts;
  bool shadowed = false;  ///< nobody but the sender is to see it
};

/// What becomes of a client's message: the hook's verdict first, then the filters, on what the hook made of
/// it. Refuses what either rejects; `matches` gets the filters' matches in any case.
Result<Screened, Refusal> screen(const AppId& app, const Address& address, const Draft& draft,
                                 const PolicyState& state, const PolicyRules& rules,
                                 std::vector<FilterMatch>& matches);

/// What the filters are to judge. Refers to all that it is given.
Content content_of(const AppId& app, const PartyId& sender, const PartyId& recipient, const Draft& draft);

/// The filters alone. `draft` is what `content` speaks of.
Result<Screened, Refusal> screen_content(const Content& content, const Draft& draft,
                                         const ContentFilter* filter, std::vector<FilterMatch>& matches);

/// Whether `owner` wants nothing of `sender`.
bool is_blocked(const PolicyState& state, const PartyId& owner, const PartyId& sender);

/// The refusal of whoever is banned.
Refusal refusal_of(const BanRow& ban);

}  // namespace inboxd
