#include "contract/store_fixture.hpp"

namespace inboxd::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const AppId other_app{"other"};

BlockRow block_of(const std::string& owner, const std::string& user, Millis at = 1000) {
  return {test_app, PartyId(owner), PartyId(user), at};
}

class BlockContract : public StoreContract {
 protected:
  void write(const std::vector<BlockRow>& blocks, const std::vector<BlockRow>& removed = {}) {
    Commit commit;
    commit.blocks = blocks;
    commit.removed_blocks = removed;
    store().commit(commit);
  }

  std::optional<BlockRow> read(const std::string& owner, const std::string& user) {
    return store().block(test_app, PartyId(owner), PartyId(user));
  }

  std::vector<std::string> blocked_by(const std::string& owner, const std::optional<PartyId>& after = {},
                                      std::size_t limit = 100) {
    std::vector<std::string> ids;
    for (const auto& row : store().blocks(test_app, PartyId(owner), after, limit)) {
      ids.push_back(row.user.str());
    }
    return ids;
  }

  std::vector<std::string> blockers_of(const std::string& user, std::size_t limit = 100) {
    std::vector<std::string> ids;
    for (const auto& owner : store().blockers(test_app, PartyId(user), limit)) ids.push_back(owner.str());
    return ids;
  }
};
INBOXD_FOR_EVERY_STORE(BlockContract);

TEST_P(BlockContract, IsReadAsItWas) {
  write({block_of("alice", "bob", -7)});
  EXPECT_EQ(read("alice", "bob"), block_of("alice", "bob", -7));
  EXPECT_THAT(store().blocks(test_app, PartyId("alice"), {}, 10), ElementsAre(block_of("alice", "bob", -7)));
}

TEST_P(BlockContract, CountsInOneDirectionAndOneAppOnly) {
  write({block_of("alice", "bob")});
  EXPECT_FALSE(read("bob", "alice"));
  EXPECT_FALSE(store().block(other_app, PartyId("alice"), PartyId("bob")));
  EXPECT_THAT(store().blocks(other_app, PartyId("alice"), {}, 10), IsEmpty());
  EXPECT_THAT(store().blockers(other_app, PartyId("bob"), 10), IsEmpty());
  EXPECT_THAT(blocked_by("bob"), IsEmpty());
  EXPECT_THAT(blockers_of("alice"), IsEmpty());
}

TEST_P(BlockContract, IdsThatBeginAlikeAreNotMixedUp) {
  write({block_of("bob", "carol"), block_of("bobby", "carolin"), block_of("bob", "carolin")});
  EXPECT_THAT(blocked_by("bob"), ElementsAre("carol", "carolin"));
  EXPECT_THAT(blocked_by("bobby"), ElementsAre("carolin"));
  EXPECT_THAT(blocked_by("bo"), IsEmpty());
  EXPECT_THAT(blockers_of("carol"), ElementsAre("bob"));
  EXPECT_THAT(blockers_of("carolin"), ElementsAre("bob", "bobby"));
  EXPECT_FALSE(read("bobby", "carol"));
  EXPECT_FALSE(read("bo", "carol"));
}

TEST_P(BlockContract, ALaterRowReplacesAnEarlier) {
  write({block_of("alice", "bob", 1000)});
  write({block_of("alice", "bob", 2000)});
  EXPECT_EQ(read("alice", "bob")->at, 2000);
  EXPECT_THAT(blocked_by("alice"), ElementsAre("bob"));
  EXPECT_THAT(blockers_of("bob"), ElementsAre("alice"));
}

TEST_P(BlockContract, AreListedByIdAndInPages) {
  write({block_of("alice", "dave"), block_of("alice", "bobby"), block_of("alice", "bob"),
         block_of("alice", "bob-2"), block_of("alice", "\xc3\xa9lise"), block_of("alicia", "zoe")});
  EXPECT_THAT(blocked_by("alice"), ElementsAre("bob", "bob-2", "bobby", "dave", "\xc3\xa9lise"));
  EXPECT_THAT(blocked_by("alice", std::nullopt, 2), ElementsAre("bob", "bob-2"));
  EXPECT_THAT(blocked_by("alice", PartyId("bob-2"), 2), ElementsAre("bobby", "dave"));
  EXPECT_THAT(blocked_by("alice", PartyId("dave"), 2), ElementsAre("\xc3\xa9lise"));
  EXPECT_THAT(blocked_by("alice", PartyId("\xc3\xa9lise"), 2), IsEmpty());
  EXPECT_THAT(blocked_by("alice", PartyId("bobb"), 1), ElementsAre("bobby")) << "one that is not blocked";
  EXPECT_THAT(blocked_by("alice", std::nullopt, 0), IsEmpty());
}

TEST_P(BlockContract, BlockersAreListedByIdUpToTheLimit) {
  write({block_of("dave", "bob"), block_of("carol", "bob"), block_of("alice", "bob"),
         block_of("alice", "bobby")});
  EXPECT_THAT(blockers_of("bob"), ElementsAre("alice", "carol", "dave"));
  EXPECT_THAT(blockers_of("bob", 2), ElementsAre("alice", "carol"));
  EXPECT_THAT(blockers_of("bob", 0), IsEmpty());
}

TEST_P(BlockContract, GoesFromBothSidesWhenRemoved) {
  write({block_of("alice", "bob"), block_of("alice", "carol"), block_of("dave", "bob")});
  write({}, {block_of("alice", "bob", 0), block_of("alice", "nobody")});
  EXPECT_FALSE(read("alice", "bob"));
  EXPECT_THAT(blocked_by("alice"), ElementsAre("carol"));
  EXPECT_THAT(blockers_of("bob"), ElementsAre("dave"));
  write({block_of("alice", "bob", 3000)});
  EXPECT_EQ(read("alice", "bob")->at, 3000) << "it can come again";
  EXPECT_THAT(blockers_of("bob"), ElementsAre("alice", "dave"));
}

TEST_P(BlockContract, WhatOneCommitWritesAndRemovesIsRemoved) {
  write({block_of("alice", "bob"), block_of("alice", "carol")}, {block_of("alice", "bob")});
  EXPECT_FALSE(read("alice", "bob"));
  EXPECT_THAT(blocked_by("alice"), ElementsAre("carol"));
  EXPECT_THAT(blockers_of("bob"), IsEmpty());
}

BanRow ban_of(const std::string& user, const std::string& reason = "spam", std::optional<Millis> until = {}) {
  return {test_app, PartyId(user), reason, 1000, until};
}

class BanContract : public StoreContract {
 protected:
  void write(const std::vector<BanRow>& bans, const std::vector<BanRow>& removed = {}) {
    Commit commit;
    commit.bans = bans;
    commit.removed_bans = removed;
    store().commit(commit);
  }

  std::vector<std::string> banned(const std::optional<PartyId>& after = {}, std::size_t limit = 100) {
    std::vector<std::string> ids;
    for (const auto& row : store().bans(test_app, after, limit)) ids.push_back(row.user.str());
    return ids;
  }
};
INBOXD_FOR_EVERY_STORE(BanContract);

TEST_P(BanContract, IsReadAsItWas) {
  const std::vector<BanRow> rows = {
      ban_of("forever"),
      ban_of("until", "spam", 5000),
      ban_of("until-zero", "", 0),
      ban_of("without-reason", ""),
      ban_of("with-odd-reason", std::string("\0\xff\n\"", 4), -1),
  };
  write(rows);
  for (const BanRow& row : rows) EXPECT_EQ(store().ban(test_app, row.user), row) << row.user.str();
  EXPECT_EQ(store().bans(test_app, {}, 1).front(), rows.front());
  EXPECT_FALSE(store().ban(test_app, PartyId("alice")));
}

TEST_P(BanContract, OneThatIsOverIsStillRead) {
  write({ban_of("bob", "spam", 1)});
  EXPECT_EQ(store().ban(test_app, PartyId("bob"))->until, 1);
  EXPECT_THAT(banned(), ElementsAre("bob"));
}

TEST_P(BanContract, ALaterRowReplacesAnEarlier) {
  write({ban_of("bob", "spam", 5000)});
  write({ban_of("bob", "worse")});
  EXPECT_EQ(store().ban(test_app, PartyId("bob")), ban_of("bob", "worse")) << "no end is left over";
  EXPECT_THAT(banned(), ElementsAre("bob"));
}

TEST_P(BanContract, AreListedByIdAndInPagesOfOneApp) {
  auto elsewhere = ban_of("carol");
  elsewhere.app = AppId("tilechat2");
  write({ban_of("dave"), ban_of("bobby"), ban_of("bob"), elsewhere});
  EXPECT_THAT(banned(), ElementsAre("bob", "bobby", "dave"));
  EXPECT_THAT(banned(std::nullopt, 1), ElementsAre("bob"));
  EXPECT_THAT(banned(PartyId("bob"), 1), ElementsAre("bobby"));
  EXPECT_THAT(banned(PartyId("bobby"), 2), ElementsAre("dave"));
  EXPECT_THAT(banned(PartyId("dave")), IsEmpty());
  EXPECT_THAT(banned(PartyId("carol")), ElementsAre("dave")) << "one that is not banned";
  EXPECT_THAT(banned(std::nullopt, 0), IsEmpty());
  EXPECT_THAT(store().bans(elsewhere.app, {}, 10), ElementsAre(elsewhere));
  EXPECT_FALSE(store().ban(elsewhere.app, PartyId("bob")));
  EXPECT_THAT(store().bans(other_app, {}, 10), IsEmpty());
}

TEST_P(BanContract, GoesWhenRemoved) {
  write({ban_of("bob"), ban_of("bobby")});
  write({ban_of("carol"), ban_of("dave")}, {ban_of("bob", "", 7), ban_of("nobody"), ban_of("dave")});
  EXPECT_FALSE(store().ban(test_app, PartyId("bob")));
  EXPECT_THAT(banned(), ElementsAre("bobby", "carol")) << "of a row written and removed, the removal stays";
}

class FilterContract : public StoreContract {
 protected:
  void write(const FilterDocument& document) {
    Commit commit;
    commit.filters = {document};
    store().commit(commit);
  }
};
INBOXD_FOR_EVERY_STORE(FilterContract);

TEST_P(FilterContract, EveryAppHasItsOwnDocument) {
  const FilterDocument document{test_app, 1000, R"({"filters":[]})"};
  const FilterDocument elsewhere{AppId("tilechat2"), 2000, ""};
  EXPECT_FALSE(store().filters(test_app));
  write(document);
  write(elsewhere);
  EXPECT_EQ(store().filters(test_app), document);
  EXPECT_EQ(store().filters(elsewhere.app), elsewhere);
  EXPECT_FALSE(store().filters(AppId("tilecha")));
}

TEST_P(FilterContract, ALaterDocumentReplacesAnEarlier) {
  write({test_app, 1000, R"({"filters":["a long list"]})"});
  const FilterDocument later{test_app, 500, "{}"};
  write(later);
  EXPECT_EQ(store().filters(test_app), later);
}

TEST_P(FilterContract, MayBeLarge) {
  const FilterDocument document{test_app, 1000, std::string(std::size_t{4} * 1024 * 1024, 'x')};
  write(document);
  EXPECT_EQ(store().filters(test_app), document);
}

}  // namespace
}  // namespace inboxd::test
