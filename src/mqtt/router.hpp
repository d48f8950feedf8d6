#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "mqtt/subscribers.hpp"
#include "mqtt/subscription_tree.hpp"

namespace inboxd::mqtt {

/// More levels than any topic of ours has. Filters beyond are to be refused before they come here: the tree
/// is as deep as the deepest of them.
inline constexpr std::size_t kMaxFilterLevels = 128;

/// Whether a filter has more than kMaxFilterLevels, those of `$share/{group}` included.
bool is_too_deep(std::string_view filter) noexcept;

/// Who gets a message, and how.
struct Match {
  SessionId session{};
  Qos qos = Qos::kAtMostOnce;        ///< the highest of its subscriptions that match
  bool retain_as_published = false;  ///< of any of them
  std::vector<std::uint32_t> ids;    ///< of those that have one; costs nothing while there is none
};

/// Who subscribed to what. Filters and topics must be valid. For one thread.
class Router {
 public:
  /// Users' inboxes are expected below `inbox_roots`, as `{root}/{user}/…`: a subscription to a whole one is
  /// found at once by the topic's beginning, however many there are. It makes no other difference.
  explicit Router(std::vector<std::string> inbox_roots);

  /// Whether the subscription is new; the options of one that is not are replaced. `$share/{group}/{filter}`
  /// is a subscription of its own beside `{filter}`.
  bool subscribe(SessionId session, std::string_view filter, SubscriptionOptions options);

  /// Whether there was one.
  bool unsubscribe(SessionId session, std::string_view filter);

  /// Whether a session can be given a message now.
  using Online = std::function<bool(SessionId)>;

  /// Appends every session that is to get a message once, however many of its subscriptions match (MQTT 5,
  /// 3.3.4), but not by those with No Local where it is the publisher. Of each shared subscription one member
  /// is chosen, in turn: the next who is online; if nobody is, whose turn it is. No Local does not apply to
  /// those.
  void match(std::string_view topic, SessionId publisher, const Online& is_online, std::vector<Match>& into);

  /// Subscriptions held.
  struct Counts {
    std::size_t inbox = 0;   ///< to a whole inbox
    std::size_t shared = 0;  ///< members of all groups
    std::size_t other = 0;

    std::size_t total() const noexcept { return inbox + shared + other; }
  };
  const Counts& counts() const noexcept { return counts_; }

  /// Whether nothing is kept of any subscription, its place included.
  bool empty() const noexcept { return inboxes_.empty() && tree_.empty(); }

 private:
  std::string_view whole_inbox(std::string_view filter) const;
  std::size_t& count_of(std::string_view group, std::string_view inbox);
  bool unsubscribe_inbox(SessionId session, std::string_view inbox);

  std::vector<std::string> roots_;  ///< each with a slash at its end
  TextMap<Subscribers> inboxes_;    ///< by `{root}/{user}`
  SubscriptionTree tree_;
  Counts counts_;
  std::vector<Audience*> audiences_;  ///< of the topic in hand; kept for its memory
};

}  // namespace inboxd::mqtt
