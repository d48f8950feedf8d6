#include "mqtt/router.hpp"

#include <algorithm>
#include <utility>

#include "mqtt/topic.hpp"

namespace inboxd::mqtt {
namespace {

/// A filter, and the group in which it is shared, or none.
SharedFilter split(std::string_view filter) {
  return shared_filter(filter).value_or(SharedFilter{{}, filter});
}

/// Collects the sessions of several filters, and makes one match of each session's.
class Collector {
 public:
  explicit Collector(std::vector<Match>& into) : into_(into), first_(into.size()) {}

  void add_all(const Subscribers& subscribers, SessionId publisher) {
    ++lists_;
    for (const Subscriber& one : subscribers) {
      if (!one.options.no_local || one.session != publisher) append(one);
    }
  }

  void add(const Subscriber& one) {
    ++lists_;
    append(one);
  }

  /// No list has a session twice, so that one alone is left as it is.
  void merge() {
    if (lists_ < 2) return;
    const auto first = into_.begin() + static_cast<std::ptrdiff_t>(first_);
    std::sort(first, into_.end(), [](const Match& a, const Match& b) { return a.session < b.session; });
    auto last = first;
    for (auto next = first; next != into_.end(); ++next) {
      if (next == last) continue;
      if (next->session == last->session) {
        unite(*last, *next);
      } else if (++last != next) {
        *last = std::move(*next);
      }
    }
    if (last != into_.end()) into_.erase(last + 1, into_.end());
  }

 private:
  void append(const Subscriber& one) {
    Match& match =
        into_.emplace_back(Match{one.session, one.options.qos, one.options.retain_as_published, {}});
    if (one.options.id != 0) match.ids.push_back(one.options.id);
  }

  static void unite(Match& match, const Match& other) {
    match.qos = std::max(match.qos, other.qos);
    match.retain_as_published = match.retain_as_published || other.retain_as_published;
    match.ids.insert(match.ids.end(), other.ids.begin(), other.ids.end());
  }

  std::vector<Match>& into_;
  std::size_t first_;
  std::size_t lists_ = 0;
};

const Subscriber& choose(SharedGroup& group, const Router::Online& is_online) {
  const std::size_t size = group.members.size();
  const std::size_t turn = group.turn % size;
  std::size_t chosen = turn;
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t candidate = (turn + i) % size;
    if (!is_online(group.members[candidate].session)) continue;
    chosen = candidate;
    break;
  }
  group.turn = chosen + 1;
  return group.members[chosen];
}

}  // namespace

bool is_too_deep(std::string_view filter) noexcept {
  return static_cast<std::size_t>(std::count(filter.begin(), filter.end(), '/')) >= kMaxFilterLevels;
}

Router::Router(std::vector<std::string> inbox_roots) : roots_(std::move(inbox_roots)) {
  std::sort(roots_.begin(), roots_.end());
  roots_.erase(std::unique(roots_.begin(), roots_.end()), roots_.end());
  for (std::string& root : roots_) root += '/';
}

/// `{root}/{user}` of a filter that is `{root}/{user}/#`; else nothing.
std::string_view Router::whole_inbox(std::string_view filter) const {
  if (!filter.ends_with("/#")) return {};
  const std::string_view inbox = filter.substr(0, filter.size() - 2);
  for (const std::string& root : roots_) {
    if (!inbox.starts_with(root)) continue;
    const std::string_view user = inbox.substr(root.size());
    if (user.find('/') == std::string_view::npos && user != "+") return inbox;
  }
  return {};
}

bool Router::subscribe(SessionId session, std::string_view filter, SubscriptionOptions options) {
  const auto [group, inner] = split(filter);
  const std::string_view inbox = group.empty() ? whole_inbox(inner) : std::string_view();
  bool is_new = false;
  if (!inbox.empty()) {
    is_new = inboxes_.try_emplace(std::string(inbox)).first->second.put(session, options);
  } else {
    is_new = tree_.subscribe(inner, group, session, options);
  }
  if (is_new) ++count_of(group, inbox);
  return is_new;
}

bool Router::unsubscribe(SessionId session, std::string_view filter) {
  const auto [group, inner] = split(filter);
  const std::string_view inbox = group.empty() ? whole_inbox(inner) : std::string_view();
  const bool existed =
      inbox.empty() ? tree_.unsubscribe(inner, group, session) : unsubscribe_inbox(session, inbox);
  if (existed) --count_of(group, inbox);
  return existed;
}

std::size_t& Router::count_of(std::string_view group, std::string_view inbox) {
  if (!group.empty()) return counts_.shared;
  return inbox.empty() ? counts_.other : counts_.inbox;
}

bool Router::unsubscribe_inbox(SessionId session, std::string_view inbox) {
  const auto found = inboxes_.find(inbox);
  if (found == inboxes_.end() || !found->second.erase(session)) return false;
  if (found->second.empty()) inboxes_.erase(found);
  return true;
}

void Router::match(std::string_view topic, SessionId publisher, const Online& is_online,
                   std::vector<Match>& into) {
  Collector collector(into);
  for (const std::string& root : roots_) {
    if (!topic.starts_with(root)) continue;
    const auto inbox = inboxes_.find(topic.substr(0, topic.find('/', root.size())));
    if (inbox != inboxes_.end()) collector.add_all(inbox->second, publisher);
  }
  audiences_.clear();
  tree_.match(topic, audiences_);
  for (Audience* const audience : audiences_) {
    if (!audience->subscribers.empty()) collector.add_all(audience->subscribers, publisher);
    for (SharedGroup& group : audience->groups) collector.add(choose(group, is_online));
  }
  collector.merge();
}

}  // namespace inboxd::mqtt
