// Whatever a user is granted lies in his own inbox, and in his scopes.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/scopes.hpp"
#include "mqtt/access.hpp"
#include "mqtt/topic.hpp"

namespace inboxd::mqtt {
namespace {

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }
  const std::string& one_of(const std::vector<std::string>& words) { return words[below(words.size())]; }

 private:
  std::mt19937 random_;
};

const std::vector<std::string> kWords = {"apps", "tilechat", "users",    "al",     "alice", "bob",
                                         "",     "messages", "outgoing", "update", "al.x",  "observer"};

/// A path that begins as a user's does, more often than not.
std::string path(Dice& dice, const std::vector<std::string>& wildcards) {
  std::vector<std::string> levels = {"apps", "tilechat", "users", "al"};
  for (std::size_t more = dice.below(4); more > 0; --more) levels.push_back(dice.one_of(kWords));
  if (dice.below(2) == 0) levels[dice.below(levels.size())] = dice.one_of(kWords);
  if (!wildcards.empty() && dice.below(2) == 0) levels[dice.below(levels.size())] = dice.one_of(wildcards);
  if (dice.below(5) == 0) levels.resize(1 + dice.below(levels.size()));
  std::string text = dice.below(2) == 0 ? "" : "/";
  for (const std::string& level : levels) text += level + "/";
  text.pop_back();
  if (!wildcards.empty() && dice.below(2) == 0) text += "/#";
  return text;
}

std::string scope(Dice& dice) {
  std::string key = path(dice, {"*", "a*", "*l", "%2A", "**"});
  for (char& c : key) {
    if (c == '/') c = '.';
    if (c == '#') c = '*';
  }
  const std::string right = dice.below(2) == 0 ? "rabbitmq.read:" : "rabbitmq.write:";
  return right + dice.one_of({"%2F", "*", "chat"}) + "/" + dice.one_of({"amq.topic", "*", "amq.*", "queue"}) +
         "/" + key;
}

bool is_own(const std::string& topic) {
  const std::string inbox = "apps/tilechat/users/al";
  for (const std::string& own : {inbox, "/" + inbox}) {
    if (topic == own || topic.starts_with(own + "/")) return true;
  }
  return false;
}

/// A topic that the filter takes, with anything in the place of its wildcards.
std::string topic_of(const std::string& filter, Dice& dice) {
  std::string topic;
  for (const char c : filter) {
    if (c == '+') {
      topic += dice.one_of(kWords);
    } else if (c == '#') {
      topic += dice.one_of(kWords) + "/" + dice.one_of(kWords);
    } else {
      topic.push_back(c);
    }
  }
  return topic;
}

class AccessProperty : public ::testing::TestWithParam<unsigned> {};

TEST_P(AccessProperty, NoFilterThatAUserIsGrantedReachesBeyondHisInbox) {
  Dice dice(GetParam());
  const Topics topics{AppId("tilechat"), ".apps.tilechat.users", true, true};
  const auto context = std::make_shared<const AccessContext>("/", topics);
  int granted = 0;
  for (int round = 0; round < 400; ++round) {
    auth::Claims claims;
    claims.user_id = "al";
    claims.app_id = "tilechat";
    for (std::size_t more = 1 + dice.below(6); more > 0; --more) claims.scope.push_back(scope(dice));
    if (dice.below(3) == 0) claims.scope.emplace_back("rabbitmq.read:*/*/*");
    const Access access = Access::of(claims, context).value();
    claims.admin = true;
    const Access by_scopes_alone = Access::of(claims, context).value();

    for (int attempt = 0; attempt < 100; ++attempt) {
      const std::string filter = path(dice, {"+"});
      if (!is_valid_filter(filter) || !access.may_subscribe(filter)) continue;
      ++granted;
      const std::string topic = topic_of(filter, dice);
      ASSERT_TRUE(is_own(topic)) << filter << " takes " << topic;
      ASSERT_TRUE(by_scopes_alone.may_subscribe(filter)) << filter;
      ASSERT_TRUE(by_scopes_alone.may_subscribe(topic)) << filter << " takes " << topic;
    }
    for (int attempt = 0; attempt < 50; ++attempt) {
      const std::string topic = path(dice, {});
      if (!access.may_publish(topic)) continue;
      ASSERT_TRUE(by_scopes_alone.may_publish(topic)) << topic;
    }
  }
  EXPECT_GT(granted, 100) << "nothing was tried";
}

INSTANTIATE_TEST_SUITE_P(Seeds, AccessProperty, ::testing::Range(1U, 5U));

}  // namespace
}  // namespace inboxd::mqtt
