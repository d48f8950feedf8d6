#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "mqtt/packet.hpp"

namespace inboxd::mqtt {

/// A session, as the hub numbers them while the process lives, from 1.
enum class SessionId : std::uint64_t {};

/// No session: the publisher of what no client has published.
inline constexpr SessionId kNoSession{0};

struct SubscriptionOptions {
  Qos qos = Qos::kAtMostOnce;
  bool no_local = false;
  bool retain_as_published = false;
  std::uint32_t id = 0;  ///< 0: none

  friend bool operator==(const SubscriptionOptions&, const SubscriptionOptions&) = default;
};

struct Subscriber {
  SessionId session;
  SubscriptionOptions options;
};

/// The sessions that share one filter, each once, by number. Sessions are numbered upwards, so that a new one
/// mostly goes to the end.
class Subscribers {
 public:
  /// Whether the session is new here; the options of one that is not are replaced.
  bool put(SessionId session, SubscriptionOptions options) {
    const auto at = lower_bound(session);
    if (at != list_.end() && at->session == session) {
      at->options = options;
      return false;
    }
    list_.insert(at, {session, options});
    return true;
  }

  /// Whether it was here.
  bool erase(SessionId session) {
    const auto at = lower_bound(session);
    if (at == list_.end() || at->session != session) return false;
    list_.erase(at);
    return true;
  }

  bool empty() const noexcept { return list_.empty(); }
  std::size_t size() const noexcept { return list_.size(); }
  const Subscriber& operator[](std::size_t index) const noexcept { return list_[index]; }
  auto begin() const noexcept { return list_.begin(); }
  auto end() const noexcept { return list_.end(); }

 private:
  std::vector<Subscriber>::iterator lower_bound(SessionId session) {
    return std::lower_bound(list_.begin(), list_.end(), session,
                            [](const Subscriber& one, SessionId id) { return one.session < id; });
  }

  std::vector<Subscriber> list_;
};

}  // namespace inboxd::mqtt
