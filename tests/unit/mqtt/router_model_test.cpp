// The router against a list of subscriptions that is gone through one by one.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mqtt/router.hpp"
#include "mqtt/topic.hpp"

namespace inboxd::mqtt {
namespace {

class Model {
 public:
  using Key = std::pair<SessionId, std::string>;
  using Group = std::vector<std::pair<SessionId, SubscriptionOptions>>;

  bool subscribe(SessionId session, const std::string& filter, SubscriptionOptions options) {
    return subscriptions_.insert_or_assign(Key(session, filter), options).second;
  }

  bool unsubscribe(SessionId session, const std::string& filter) {
    return subscriptions_.erase(Key(session, filter)) == 1;
  }

  /// What a topic's own subscriptions come to.
  std::map<SessionId, Match> match(const std::string& topic, SessionId publisher) const {
    std::map<SessionId, Match> found;
    for (const auto& [key, options] : subscriptions_) {
      if (shared_filter(key.second) || !matches(key.second, topic)) continue;
      if (options.no_local && key.first == publisher) continue;
      unite(found[key.first], key.first, options);
    }
    return found;
  }

  /// The members of each shared subscription that takes the topic.
  std::map<std::string, Group> groups(const std::string& topic) const {
    std::map<std::string, Group> found;
    for (const auto& [key, options] : subscriptions_) {
      const auto shared = shared_filter(key.second);
      if (shared && matches(shared->filter, topic)) found[key.second].emplace_back(key.first, options);
    }
    return found;
  }

  std::size_t size() const { return subscriptions_.size(); }
  const std::map<Key, SubscriptionOptions>& all() const { return subscriptions_; }

  static void unite(Match& match, SessionId session, const SubscriptionOptions& options) {
    match.session = session;
    match.qos = std::max(match.qos, options.qos);
    match.retain_as_published = match.retain_as_published || options.retain_as_published;
    if (options.id != 0) match.ids.push_back(options.id);
  }

 private:
  std::map<Key, SubscriptionOptions> subscriptions_;
};

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }
  SessionId session() { return SessionId{1 + below(12)}; }

  SubscriptionOptions options() {
    return {static_cast<Qos>(below(3)), below(3) == 0, below(2) == 0, static_cast<std::uint32_t>(below(3))};
  }

  std::string topic() {
    std::string text = start();
    for (std::size_t more = below(4); more > 0; --more) text += "/" + literal();
    return text;
  }

  std::string filter() {
    std::string text = below(4) == 0 ? wildcard() : start();
    for (std::size_t more = below(4); more > 0; --more) text += "/" + (below(3) == 0 ? "+" : literal());
    if (below(2) == 0) text += "/#";
    if (below(3) == 0) text = std::string(below(2) == 0 ? "$share/g/" : "$share/h/") += text;
    return text;
  }

 private:
  std::string start() { return std::vector<std::string>{"users", "a", "b", "$SYS", "", "/users"}[below(6)]; }
  std::string literal() { return std::vector<std::string>{"a", "b", "ab", ""}[below(4)]; }
  static std::string wildcard() { return "+"; }

  std::mt19937 random_;
};

/// Whether what the router added to the plain matches can be one member of each group, an online one where
/// there is any. Members' options differ by group, so that only who got it is looked at.
void expect_groups_served(const std::map<std::string, Model::Group>& groups, const std::set<SessionId>& got,
                          const std::set<SessionId>& plain, const std::set<SessionId>& offline) {
  std::set<SessionId> explained = plain;
  for (const auto& [name, members] : groups) {
    bool any_online = false;
    for (const auto& [id, options] : members) any_online = any_online || !offline.contains(id);
    bool served = false;
    for (const auto& [id, options] : members) {
      if (any_online && offline.contains(id)) continue;
      served = served || got.contains(id);
      explained.insert(id);
    }
    EXPECT_TRUE(served) << name;
  }
  EXPECT_TRUE(std::includes(explained.begin(), explained.end(), got.begin(), got.end()));
  EXPECT_LE(got.size(), plain.size() + groups.size());
}

void expect_same(const Model& model, Router& router, Dice& dice) {
  const std::string topic = dice.topic();
  if (topic.empty()) return;
  const SessionId publisher = dice.session();
  const std::set<SessionId> offline = {dice.session(), dice.session(), dice.session()};
  std::vector<Match> found;
  router.match(
      topic, publisher, [&](SessionId id) { return !offline.contains(id); }, found);

  const auto expected = model.match(topic, publisher);
  const auto groups = model.groups(topic);
  std::set<SessionId> got;
  std::set<SessionId> plain;
  for (const auto& [id, match] : expected) plain.insert(id);
  for (Match& match : found) {
    EXPECT_TRUE(got.insert(match.session).second) << "twice on " << topic;
    const auto wanted = expected.find(match.session);
    if (!groups.empty() || wanted == expected.end()) continue;
    auto ids = wanted->second.ids;
    std::sort(ids.begin(), ids.end());
    std::sort(match.ids.begin(), match.ids.end());
    EXPECT_EQ(match.ids, ids) << topic;
    EXPECT_EQ(match.qos, wanted->second.qos) << topic;
    EXPECT_EQ(match.retain_as_published, wanted->second.retain_as_published) << topic;
  }
  EXPECT_TRUE(std::includes(got.begin(), got.end(), plain.begin(), plain.end())) << topic;
  expect_groups_served(groups, got, plain, offline);
}

class RouterModel : public ::testing::TestWithParam<unsigned> {};

TEST_P(RouterModel, AgreesOverRandomOperations) {
  Dice dice(GetParam());
  Router router({"users", "/users"});
  Model model;
  for (int step = 0; step < 3'000; ++step) {
    const std::string filter = dice.filter();
    const SessionId session = dice.session();
    // Grows at first, then shrinks.
    if (dice.below(10) < (step < 1'500 ? 6U : 2U)) {
      const SubscriptionOptions options = dice.options();
      ASSERT_EQ(router.subscribe(session, filter, options), model.subscribe(session, filter, options))
          << filter;
    } else {
      ASSERT_EQ(router.unsubscribe(session, filter), model.unsubscribe(session, filter)) << filter;
    }
    ASSERT_EQ(router.counts().total(), model.size());
    expect_same(model, router, dice);
    if (HasFailure()) FAIL() << "seed " << GetParam() << ", step " << step;
  }
  for (const auto& [key, options] : model.all()) ASSERT_TRUE(router.unsubscribe(key.first, key.second));
  EXPECT_TRUE(router.empty()) << "nodes are left";
}

INSTANTIATE_TEST_SUITE_P(Seeds, RouterModel, ::testing::Range(1U, 9U));

}  // namespace
}  // namespace inboxd::mqtt
