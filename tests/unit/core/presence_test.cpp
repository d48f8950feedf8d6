#include "core/presence.hpp"

#include <gtest/gtest.h>

#include <string>

namespace inboxd {
namespace {

PresenceRow connection(const char* client, Millis last_seen) {
  return {AppId{"tilechat"}, PartyId{"alice"}, client, last_seen};
}

std::string summary(const PresenceEffects& effects) {
  std::string text;
  for (const PresenceRow& row : effects.put) text += "+" + row.client + " ";
  for (const PresenceRow& row : effects.removed) text += "-" + row.client + " ";
  if (effects.online) text += *effects.online ? "online" : "offline";
  return text;
}

// PROTOCOL 6: online while at least one connection is; events on the change only.
TEST(PresenceTest, AUserIsThereWhileOneOfHisConnectionsIs) {
  const struct {
    const char* what;
    std::vector<PresenceRow> rows;
    PresenceSaid said;
    const char* effects;
  } cases[] = {
      {"the first connects", {}, PresenceSaid::kConnected, "+c1 online"},
      {"it says so again", {connection("c1", 10)}, PresenceSaid::kConnected, "+c1 "},
      {"a second connects", {connection("c0", 10)}, PresenceSaid::kConnected, "+c1 "},
      {"one of two leaves",
       {connection("c0", 10), connection("c1", 10)},
       PresenceSaid::kDisconnected,
       "-c1 "},
      {"the last leaves", {connection("c1", 10)}, PresenceSaid::kDisconnected, "-c1 offline"},
      {"one leaves that never came", {}, PresenceSaid::kDisconnected, ""},
      {"another leaves that never came", {connection("c0", 10)}, PresenceSaid::kDisconnected, ""},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(summary(decide_presence(connection("c1", 100), c.said, c.rows)), c.effects) << c.what;
  }
}

TEST(PresenceTest, ConnectionsOfOneUserAreBounded) {
  std::vector<PresenceRow> rows;
  for (int i = 0; i < 64; ++i) rows.push_back(connection(("c" + std::to_string(i)).c_str(), 1'000 - i));
  const auto effects = decide_presence(connection("new", 2'000), PresenceSaid::kConnected, rows);
  EXPECT_EQ(summary(effects), "+new -c63 ") << "the one unheard of for longest goes";
  EXPECT_EQ(summary(decide_presence(connection("c5", 2'000), PresenceSaid::kConnected, rows)), "+c5 ");
}

TEST(PresenceTest, ConnectionsUnheardOfExpire) {
  EXPECT_EQ(summary(expire_presence({connection("a", 10), connection("b", 20)}, 20)), "-a ");
  EXPECT_EQ(summary(expire_presence({connection("a", 10), connection("b", 20)}, 21)), "-a -b offline");
  EXPECT_EQ(summary(expire_presence({connection("a", 10)}, 10)), "");
  EXPECT_EQ(summary(expire_presence({}, 10)), "");
}

TEST(PresenceTest, ReadsWhatClientsSay) {
  EXPECT_EQ(read_presence(R"({"connected":true})").value(), PresenceSaid::kConnected);
  EXPECT_EQ(read_presence(R"({"disconnected":true})").value(), PresenceSaid::kDisconnected);
  EXPECT_EQ(read_presence(R"({"connected":false,"disconnected":true})").value(), PresenceSaid::kDisconnected);
  for (const char* bad : {"", "{}", R"({"connected":false})", R"({"connected":"true"})", "true"}) {
    EXPECT_FALSE(read_presence(bad)) << bad;
  }
}

}  // namespace
}  // namespace inboxd
