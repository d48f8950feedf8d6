#include "engine/bindings.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace inboxd {
namespace {

using Words = std::vector<std::string_view>;

Words split(std::string_view key) {
  Words words;
  std::size_t begin = 0;
  for (std::size_t dot = key.find('.'); dot != std::string_view::npos; dot = key.find('.', begin)) {
    words.push_back(key.substr(begin, dot - begin));
    begin = dot + 1;
  }
  words.push_back(key.substr(begin));
  return words;
}

/// A topic exchange's rule, word by word: `#` stands for any number of words.
bool binds(const Words& pattern, std::size_t p, const Words& key, std::size_t k) {
  if (p == pattern.size()) return k == key.size();
  if (pattern[p] == "#") {
    for (std::size_t next = k; next <= key.size(); ++next) {
      if (binds(pattern, p + 1, key, next)) return true;
    }
    return false;
  }
  return k < key.size() && pattern[p] == key[k] && binds(pattern, p + 1, key, k + 1);
}

std::optional<Queue> expected(const Topics& topics, std::string_view key) {
  const auto any = [&](const std::vector<std::string>& bindings) {
    for (const std::string& binding : bindings) {
      if (binds(split(binding), 0, split(key), 0)) return true;
    }
    return false;
  };
  if (any(messages_bindings(topics))) return Queue::kMessages;
  if (any(persist_bindings(topics))) return Queue::kPersist;
  return std::nullopt;
}

Topics both() { return {AppId("tilechat"), ".apps.tilechat.users", true, true}; }

TEST(BindingsTest, HearsWhatClientsAndBackEndsSayAndNothingElse) {
  struct Row {
    std::string_view key;
    std::optional<Queue> queue;
  };
  const Bindings bindings(both());
  for (const Row& row : std::initializer_list<Row>{
           {"apps.tilechat.outgoing.users.alice.messages.bob.outgoing", Queue::kMessages},
           {"apps.tilechat.outgoing", Queue::kMessages},
           {"apps.tilechat.outgoing.nonsense", Queue::kMessages},
           {"apps.tilechat.users.alice.messages.bob.1.update", Queue::kMessages},
           {"apps.tilechat.users.alice.conversations.bob.archive", Queue::kMessages},
           {"apps.tilechat.users.alice.presence.c1", Queue::kMessages},
           {"apps.tilechat.users.alice.presences.c1", std::nullopt},
           {"apps.tilechat.users.alice.messages.bob.clientadded", std::nullopt},
           {"apps.tilechat.usersupdate", std::nullopt},
           {".apps.tilechat.users.alice.bob.messages.outgoing", Queue::kMessages},
           {".apps.tilechat.users.alice.bob.messages.1.update", Queue::kMessages},
           {".apps.tilechat.users.alice.bob.messages.clientadded", std::nullopt},
           {"apps.observer.tilechat.users.alice.messages.bob.delivered", Queue::kMessages},
           {"apps.observer.tilechat.users.alice.messages.bob.persist", Queue::kPersist},
           {"apps.observer.tilechat.groups.update", Queue::kMessages},
           {"apps.observer.other.groups.update", std::nullopt},
           {"TopicA.x", std::nullopt},
       }) {
    EXPECT_EQ(bindings.hears(row.key), row.queue) << row.key;
    EXPECT_EQ(expected(both(), row.key), row.queue) << row.key;
  }
}

TEST(BindingsTest, SaysWhatATopicExchangeWould) {
  constexpr std::array<std::string_view, 14> kWords = {
      "apps",   "tilechat", "users",   "outgoing",  "update", "archive", "presence",
      "groups", "observer", "persist", "delivered", "bans",   "",        "x"};
  std::mt19937 random(7);  // the same keys in every run
  for (const auto& [path, chat21] : {std::pair{true, true}, {true, false}, {false, true}}) {
    const Topics topics{AppId("tilechat"), ".apps.tilechat.users", path, chat21};
    const Bindings bindings(topics);
    for (int i = 0; i < 20'000; ++i) {
      std::string key = random() % 2 == 0 ? "apps.tilechat.users" : "apps.observer.tilechat";
      if (random() % 3 == 0) key = ".apps.tilechat.users";
      for (std::size_t words = random() % 5; words > 0; --words)
        key.append(".").append(kWords[random() % kWords.size()]);
      ASSERT_EQ(bindings.hears(key), expected(topics, key)) << key;
    }
  }
}

}  // namespace
}  // namespace inboxd
