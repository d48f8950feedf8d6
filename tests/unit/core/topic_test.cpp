#include "core/topic.hpp"

#include <gtest/gtest.h>

#include <string>

namespace inboxd {
namespace {

Topics both() { return {AppId{"tilechat"}, ".apps.tilechat.users", true, true}; }

struct KeyCase {
  std::string key;
  Operation operation;
  std::string owner;
  std::string peer;
  std::string item;
};

// PROTOCOL 1, both layouts.
const KeyCase kKeys[] = {
    {".apps.tilechat.users.A.B.messages.outgoing", Operation::kSend, "A", "B", ""},
    {".apps.tilechat.users.A.B.messages.m1.update", Operation::kMessageUpdate, "A", "B", "m1"},
    {"apps.tilechat.outgoing.users.A.messages.B.outgoing", Operation::kSend, "A", "B", ""},
    {"apps.tilechat.users.A.messages.B.m1.update", Operation::kMessageUpdate, "A", "B", "m1"},
    {"apps.tilechat.users.A.conversations.B.update", Operation::kConversationUpdate, "A", "B", ""},
    {"apps.tilechat.users.A.conversations.B.archive", Operation::kConversationArchive, "A", "B", ""},
    {"apps.tilechat.users.A.presence.c1", Operation::kPresence, "A", "", "c1"},
    {"apps.observer.tilechat.users.A.messages.B.delivered", Operation::kDeliver, "A", "B", ""},
    {"apps.observer.tilechat.users.A.messages.B.persist", Operation::kPersist, "A", "B", ""},
    {"apps.observer.tilechat.users.A.conversations.B.archive", Operation::kConversationArchive, "A", "B", ""},
    {"apps.observer.tilechat.groups.update", Operation::kGroupUpdate, "", "", ""},
    {".apps.tilechat.users.A.blocks.B.update", Operation::kBlockUpdate, "A", "B", ""},
    {"apps.tilechat.users.A.blocks.B.update", Operation::kBlockUpdate, "A", "B", ""},
    {"apps.observer.tilechat.bans.A.update", Operation::kBanUpdate, "", "A", ""},
};

TEST(TopicTest, ReadsEveryOperation) {
  for (const KeyCase& c : kKeys) {
    const auto address = parse_routing_key(c.key, both());
    ASSERT_TRUE(address) << c.key << ": " << address.error().detail;
    EXPECT_EQ(address->operation, c.operation) << c.key;
    EXPECT_EQ(address->owner.str(), c.owner) << c.key;
    EXPECT_EQ(address->peer.str(), c.peer) << c.key;
    EXPECT_EQ(address->item, c.item) << c.key;
  }
}

struct RefusedKey {
  std::string key;
  Reason reason;
};

const RefusedKey kRefusedKeys[] = {
    {"", Reason::kBadTopic},
    {"apps", Reason::kBadTopic},
    {"apps.tilechat", Reason::kBadTopic},
    {"nonsense", Reason::kBadTopic},
    {".apps.tilechat.users", Reason::kBadTopic},
    {".apps.tilechat.users.A.messages.outgoing", Reason::kBadTopic},
    {".apps.tilechat.users.A.B.C.messages.outgoing", Reason::kBadTopic},
    {".apps.tilechat.users.A.B.messages.clientadded", Reason::kBadTopic},
    {".apps.tilechat.users..B.messages.outgoing", Reason::kBadId},
    {".apps.tilechat.users.A..messages.outgoing", Reason::kBadId},
    {".apps.tilechat.users.A.messages.messages.outgoing", Reason::kBadId},
    {".apps.tilechat.users.groups.B.messages.outgoing", Reason::kBadId},
    {"apps.tilechat.outgoing.users.A.messages.B", Reason::kBadTopic},
    {"apps.tilechat.outgoing.users.A.messages.B.C.outgoing", Reason::kBadTopic},
    {"apps.tilechat.outgoing.users.A.messages..outgoing", Reason::kBadId},
    {"apps.tilechat.outgoing.users.A.messages.b b.outgoing", Reason::kBadId},
    {"apps.other.outgoing.users.A.messages.B.outgoing", Reason::kWrongApp},
    {"apps.observer.other.users.A.messages.B.persist", Reason::kWrongApp},
    {"apps.observer.tilechat.users.A.messages.B.forged", Reason::kBadTopic},
    {"apps.tilechat.users.A.messages.B..update", Reason::kBadId},
    {"apps.tilechat.users.A.presence.", Reason::kBadId},
    {".apps.tilechat.users.A.blocks..update", Reason::kBadId},
    {".apps.tilechat.users.A.blocks.B.C.update", Reason::kBadTopic},
    {".apps.tilechat.users.A.blocks.B.clientupdated", Reason::kBadTopic},
    {".apps.tilechat.users.blocks.blocks.B.update", Reason::kBadId},
    {".apps.tilechat.users.A.blocks.messages.outgoing", Reason::kBadId},
    {"apps.tilechat.users.A.blocks..update", Reason::kBadId},
    {"apps.tilechat.users.A.blocks.groups.update", Reason::kBadId},
    {"apps.tilechat.users.A.blocks.B.C.update", Reason::kBadTopic},
    {"apps.other.users.A.blocks.B.update", Reason::kWrongApp},
    {"apps.tilechat.users.A.bans.B.update", Reason::kBadTopic},
    {"apps.tilechat.bans.A.update", Reason::kBadTopic},
    {"apps.observer.tilechat.bans.update", Reason::kBadTopic},
    {"apps.observer.tilechat.bans..update", Reason::kBadId},
    {"apps.observer.tilechat.bans.bans.update", Reason::kBadId},
    {"apps.observer.tilechat.bans.A.B.update", Reason::kBadTopic},
    {"apps.observer.other.bans.A.update", Reason::kWrongApp},
    {"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.outgoing", Reason::kBadTopic},
    {".apps.tilechat.users.1.2.3.4.5.6.7.8.9.0.1.2.3.outgoing", Reason::kBadTopic},
};

TEST(TopicTest, RefusesWhatNoTopicOfOursLooksLike) {
  for (const RefusedKey& c : kRefusedKeys) {
    const auto address = parse_routing_key(c.key, both());
    ASSERT_FALSE(address) << c.key;
    EXPECT_EQ(address.error().reason, c.reason) << c.key << ": " << address.error().detail;
  }
}

TEST(TopicTest, ALayoutThatIsOffIsNotHeard) {
  Topics topics = both();
  topics.path = false;
  EXPECT_FALSE(parse_routing_key(".apps.tilechat.users.A.B.messages.outgoing", topics));
  EXPECT_TRUE(parse_routing_key("apps.tilechat.outgoing.users.A.messages.B.outgoing", topics));
  topics = both();
  topics.chat21 = false;
  EXPECT_FALSE(parse_routing_key("apps.tilechat.outgoing.users.A.messages.B.outgoing", topics));
  EXPECT_TRUE(parse_routing_key("apps.observer.tilechat.users.A.messages.B.persist", topics))
      << "back ends stay";
}

TEST(TopicTest, ThePathLayoutAloneMayHaveNoLeadingSlash) {
  const Topics topics{AppId{"tilechat"}, "apps.tilechat.users", true, false};
  const auto address = parse_routing_key("apps.tilechat.users.A.B.messages.outgoing", topics);
  ASSERT_TRUE(address);
  EXPECT_EQ(address->owner.str(), "A");
}

TEST(TopicTest, DeliversOnEveryLayoutThatIsOn) {
  const PartyId b{"B"};
  const PartyId a{"A"};
  EXPECT_EQ(message_added_keys(both(), b, a),
            (std::vector<std::string>{"apps.tilechat.users.B.messages.A.clientadded",
                                      ".apps.tilechat.users.B.A.messages.clientadded"}));
  EXPECT_EQ(message_updated_keys(both(), b, a, "m1"),
            (std::vector<std::string>{"apps.tilechat.users.B.messages.A.m1.clientupdated",
                                      ".apps.tilechat.users.B.A.messages.m1.clientupdated"}));
  EXPECT_EQ(group_updated_keys(both(), b, PartyId{"group-1"}),
            (std::vector<std::string>{"apps.tilechat.users.B.groups.group-1.clientupdated"}));
  Topics path_only = both();
  path_only.chat21 = false;
  EXPECT_EQ(message_added_keys(path_only, b, a),
            (std::vector<std::string>{".apps.tilechat.users.B.A.messages.clientadded"}));
  EXPECT_TRUE(group_updated_keys(path_only, b, PartyId{"group-1"}).empty());
}

TEST(TopicTest, BlocksAreSaidAndToldOnEveryLayoutThatIsOn) {
  const PartyId a{"A"};
  const PartyId b{"B"};
  Topics path_only = both();
  path_only.chat21 = false;
  Topics chat21_only = both();
  chat21_only.path = false;
  const std::string chat21 = "apps.tilechat.users.A.blocks.B.";
  const std::string path = ".apps.tilechat.users.A.blocks.B.";
  EXPECT_EQ(block_updated_keys(both(), a, b),
            (std::vector<std::string>{chat21 + "clientupdated", path + "clientupdated"}));
  EXPECT_EQ(block_updated_keys(path_only, a, b), (std::vector<std::string>{path + "clientupdated"}));
  EXPECT_EQ(block_updated_keys(chat21_only, a, b), (std::vector<std::string>{chat21 + "clientupdated"}));
  for (const Topics& topics : {both(), path_only, chat21_only}) {
    const auto block = parse_routing_key(block_update_key(topics, a, b), topics);
    ASSERT_TRUE(block);
    EXPECT_EQ(block->operation, Operation::kBlockUpdate);
    EXPECT_EQ(block->owner, a);
    const auto ban = parse_routing_key(observer_ban_update_key(topics, b), topics);
    ASSERT_TRUE(ban) << "back ends are heard whatever the layout";
    EXPECT_EQ(ban->peer, b);
  }
  EXPECT_FALSE(parse_routing_key(path + "update", chat21_only));
  EXPECT_FALSE(parse_routing_key(chat21 + "update", path_only));
}

TEST(TopicTest, NoKeyEverPasses255Bytes) {
  const Topics topics = both();
  for (std::size_t total = 2; total < 256; ++total) {
    const std::string owner(total / 2, 'a');
    const std::string peer(total - total / 2, 'b');
    std::size_t longest = 0;
    for (const auto& keys :
         {message_added_keys(topics, PartyId{owner}, PartyId{peer}),
          message_updated_keys(topics, PartyId{owner}, PartyId{peer}, std::string(36, 'm')),
          group_updated_keys(topics, PartyId{owner}, PartyId{peer}),
          block_updated_keys(topics, PartyId{owner}, PartyId{peer})}) {
      for (const std::string& key : keys) longest = std::max(longest, key.size());
    }
    if (keys_fit(topics, owner, peer)) {
      EXPECT_LE(longest, kMaxKeyBytes);
    } else {
      EXPECT_GT(longest, kMaxKeyBytes) << "refused without need at " << total;
    }
  }
}

TEST(TopicTest, BindsWide) {
  EXPECT_EQ(messages_bindings(both()),
            (std::vector<std::string>{
                "apps.observer.tilechat.users.#.delivered", "apps.observer.tilechat.users.#.archive",
                "apps.observer.tilechat.groups.update", "apps.observer.tilechat.bans.#.update",
                "apps.tilechat.outgoing.#", "apps.tilechat.users.#.update", "apps.tilechat.users.#.archive",
                "apps.tilechat.users.#.presence.#", ".apps.tilechat.users.#.outgoing",
                ".apps.tilechat.users.#.update"}));
  EXPECT_EQ(persist_bindings(both()), (std::vector<std::string>{"apps.observer.tilechat.users.#.persist"}));
}

struct PrefixCase {
  const char* prefix;
  bool path;
  bool chat21;
  bool usable;
};

const PrefixCase kPrefixes[] = {
    {"/apps/tilechat/users", true, true, true},
    {"apps/tilechat/users", true, true, false},
    {"apps/tilechat/users", true, false, true},
    {"apps/tilechat/users/x", true, true, false},
    {"apps/tilechat/users2", true, true, false},
    {"apps/other/users", true, true, false},
    {"apps/other/users", true, false, false},
    {"apps/tilechat", true, false, false},
    {"/apps", true, true, true},
    {"apps2/x", true, true, true},
    {"", true, false, false},
    {"", false, true, true},
    {"/a.b", true, true, false},
    {"/a/#", true, true, false},
    {"/a/", true, true, false},
    {"apps/observer/tilechat", true, false, false},
    {"apps", true, false, false},
    {"/a\xff", true, true, false},
};

TEST(TopicTest, SaysWhichPrefixCannotBeUsed) {
  for (const PrefixCase& c : kPrefixes) {
    EXPECT_EQ(path_prefix_problem(c.prefix, AppId{"tilechat"}, c.path, c.chat21).empty(), c.usable)
        << c.prefix;
  }
}

TEST(TopicTest, ALeadingSlashIsAnEmptyFirstWord) {
  EXPECT_EQ(path_key_of("/apps/tilechat/users"), ".apps.tilechat.users");
  EXPECT_EQ(path_key_of("mine"), "mine");
}

}  // namespace
}  // namespace inboxd
