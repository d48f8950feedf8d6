#include "core/policy_update.hpp"

#include <gtest/gtest.h>

#include <string>

namespace inboxd {
namespace {

TEST(PolicyUpdateTest, ReadsABlock) {
  EXPECT_TRUE(*read_block_update(R"({"blocked":true})"));
  EXPECT_FALSE(*read_block_update(R"({"blocked":false,"more":1})"));
  const struct {
    const char* payload;
    Reason reason;
  } refused[] = {
      {"", Reason::kBadJson},
      {"true", Reason::kBadJson},
      {"{}", Reason::kBadField},
      {R"({"blocked":null})", Reason::kBadField},
      {R"({"blocked":"true"})", Reason::kBadField},
      {R"({"blocked":1})", Reason::kBadField},
  };
  for (const auto& c : refused) {
    const auto blocked = read_block_update(c.payload);
    ASSERT_FALSE(blocked) << c.payload;
    EXPECT_EQ(blocked.error().reason, c.reason) << c.payload;
  }
}

TEST(PolicyUpdateTest, WhoCanBlockWhom) {
  const struct {
    const char* owner;
    const char* user;
    bool can;
  } cases[] = {
      {"alice", "bob", true},      {"alice", "alice", false},           {"alice", "system", false},
      {"alice", "group-1", false}, {"alice", "support-group-1", false}, {"group-1", "alice", false},
      {"system", "alice", true},   {"alice", "system2", true},
  };
  for (const auto& c : cases) {
    const auto problem = block_problem(PartyId{c.owner}, PartyId{c.user});
    EXPECT_EQ(!problem, c.can) << c.owner << " " << c.user;
    if (problem) {
      EXPECT_EQ(problem->reason, Reason::kNotAllowed) << c.owner << " " << c.user;
    }
  }
}

TEST(PolicyUpdateTest, WhatTheBlockersDevicesAreTold) {
  EXPECT_EQ(block_notice(PartyId{"bob"}, true, 5), R"({"user":"bob","blocked":true,"timestamp":5})");
  EXPECT_EQ(block_notice(PartyId{"bob"}, false, 6), R"({"user":"bob","blocked":false,"timestamp":6})");
  EXPECT_EQ(block_refusal_notice(PartyId{"bob"}, {Reason::kTooManyBlocks, "enough"}),
            R"({"user":"bob","error":{"code":"too_many_blocks","message":"enough"}})");
}

TEST(PolicyUpdateTest, ReadsABan) {
  const struct {
    const char* payload;
    bool banned;
    const char* reason;
    std::optional<Millis> until;
  } cases[] = {
      {R"({"banned":true})", true, "", {}},
      {R"({"banned":true,"reason":"spam","until":5000})", true, "spam", 5'000},
      {R"({"banned":true,"reason":null,"until":null})", true, "", {}},
      {R"({"banned":true,"reason":"say \"no\""})", true, "say \"no\"", {}},
      {R"({"banned":false})", false, "", {}},
  };
  for (const auto& c : cases) {
    const auto update = read_ban_update(c.payload);
    ASSERT_TRUE(update) << c.payload;
    EXPECT_EQ(update->banned, c.banned) << c.payload;
    EXPECT_EQ(update->reason, c.reason) << c.payload;
    EXPECT_EQ(update->until, c.until) << c.payload;
  }
}

TEST(PolicyUpdateTest, RefusesWhatIsNoBan) {
  const std::string endless = R"({"banned":true,"reason":")" + std::string(513, 'x') + "\"}";
  for (const std::string& payload :
       {std::string("[]"), std::string("{}"), std::string(R"({"banned":1})"),
        std::string(R"({"banned":true,"reason":7})"), std::string(R"({"banned":true,"until":"tomorrow"})"),
        std::string(R"({"banned":true,"until":0})"), std::string(R"({"banned":true,"until":-5})"),
        std::string(R"({"banned":true,"until":99999999999999999999})"), endless}) {
    EXPECT_FALSE(read_ban_update(payload)) << payload;
  }
}

TEST(PolicyUpdateTest, WritesWhatItReads) {
  for (const BanUpdate& update :
       {BanUpdate{true, "a \"reason\"", 5'000}, BanUpdate{true, "", {}}, BanUpdate{false, "", {}}}) {
    const auto read = read_ban_update(ban_update(update));
    ASSERT_TRUE(read) << ban_update(update);
    EXPECT_EQ(read->banned, update.banned);
    EXPECT_EQ(read->reason, update.reason);
    EXPECT_EQ(read->until, update.until);
  }
}

}  // namespace
}  // namespace inboxd
