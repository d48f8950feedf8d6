#include "core/group.hpp"

#include <gtest/gtest.h>

#include <string>

namespace inboxd {
namespace {

const Topics kTopics{AppId{"tilechat"}, ".apps.tilechat.users", true, true};

// PROTOCOL 4, groups.update.
TEST(GroupTest, StoresTheGroupWithoutItsNotificationAndPublishesItWhole) {
  const auto update = read_group_update(
      R"({"group":{"uid":"group-1","appId":"tilechat","name":"Team","members":{"a":1,"b":1},)"
      R"("notification":{"messagelabel":{"key":"K"}},"attributes":{"x":1.50}},"notify_to":{"a":1,"c":1}})",
      kTopics);
  ASSERT_TRUE(update) << update.error().detail;
  EXPECT_EQ(update->group.id.str(), "group-1");
  EXPECT_EQ(update->group.members, (std::vector<PartyId>{PartyId{"a"}, PartyId{"b"}}));
  EXPECT_EQ(
      update->group.json,
      R"({"uid":"group-1","appId":"tilechat","name":"Team","members":{"a":1,"b":1},"attributes":{"x":1.50}})");
  EXPECT_EQ(update->notice, R"({"uid":"group-1","appId":"tilechat","name":"Team","members":{"a":1,"b":1},)"
                            R"("notification":{"messagelabel":{"key":"K"}},"attributes":{"x":1.50}})");
  EXPECT_EQ(update->notify, (std::vector<PartyId>{PartyId{"a"}, PartyId{"c"}}));
  EXPECT_EQ(members_of(update->group.json), update->group.members);
}

struct RefusedGroup {
  std::string payload;
  Reason reason;
};

TEST(GroupTest, RefusesWhatIsNoGroupOfOurs) {
  const RefusedGroup cases[] = {
      {"", Reason::kBadJson},
      {"{}", Reason::kBadField},
      {R"({"group":null})", Reason::kBadField},
      {R"({"group":[]})", Reason::kBadField},
      {R"({"group":{}})", Reason::kBadId},
      {R"({"group":{"uid":7}})", Reason::kBadId},
      {R"({"group":{"uid":"a.b"}})", Reason::kBadId},
      {R"({"group":{"uid":"admin"}})", Reason::kBadId},
      {R"({"group":{"uid":"group-1","appId":"other"}})", Reason::kWrongApp},
      {R"({"group":{"uid":"group-1","members":["a"]}})", Reason::kBadField},
      {R"({"group":{"uid":"group-1","members":{"a#":1}}})", Reason::kBadId},
      {R"({"group":{"uid":"group-1"},"notify_to":"a"})", Reason::kBadField},
      {R"({"group":{"uid":"group-1"},"notify_to":{"":1}})", Reason::kBadId},
      {R"({"group":{"uid":"group-)" + std::string(90, 'x') + R"(","members":{")" + std::string(120, 'y') +
           R"(":1}}})",
       Reason::kKeyTooLong},
  };
  for (const RefusedGroup& c : cases) {
    const auto update = read_group_update(c.payload, kTopics);
    ASSERT_FALSE(update) << c.payload;
    EXPECT_EQ(update.error().reason, c.reason) << c.payload;
  }
}

TEST(GroupTest, AGroupMayHaveNoMembersAndNobodyToTell) {
  const auto update = read_group_update(R"({"group":{"uid":"group-1"}})", kTopics);
  ASSERT_TRUE(update);
  EXPECT_TRUE(update->group.members.empty());
  EXPECT_TRUE(update->notify.empty());
}

}  // namespace
}  // namespace inboxd
