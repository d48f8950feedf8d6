#include "contract/store_fixture.hpp"

namespace inboxd::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DeadLetterContract : public StoreContract {
 protected:
  void write(const std::vector<DeadLetter>& letters, const std::vector<std::string>& removed = {}) {
    Commit commit;
    commit.dead_letters = letters;
    commit.removed_dead_letters = removed;
    store().commit(commit);
  }

  std::vector<std::string> list(std::size_t limit = 100) {
    std::vector<std::string> ids;
    for (const auto& letter : store().dead_letters(limit)) ids.push_back(letter.id);
    return ids;
  }

  /// One that counts `bytes` against the bound.
  DeadLetter sized(const std::string& id, std::size_t bytes) {
    auto letter = dead_letter_of(id, {});
    letter.payload.assign(bytes - store::bytes_of(letter), 'x');
    return letter;
  }
};
INBOXD_FOR_EVERY_STORE(DeadLetterContract);

TEST_P(DeadLetterContract, KeepsEveryFieldAsItWas) {
  const DeadLetter letter{
      "d1", -3, "bad_json", "not an object", "amq.topic", ".apps.x", std::string("\xff\0{", 3), 999};
  write({letter});
  EXPECT_EQ(store().dead_letter("d1"), letter);
  EXPECT_THAT(store().dead_letters(1), ElementsAre(letter));
  EXPECT_FALSE(store().dead_letter("d"));
}

TEST_P(DeadLetterContract, AreListedNewestFirstUpToTheLimit) {
  write({dead_letter_of("d2"), dead_letter_of("d1")});
  write({dead_letter_of("d3")});
  EXPECT_THAT(list(), ElementsAre("d3", "d2", "d1"));
  EXPECT_THAT(list(2), ElementsAre("d3", "d2"));
  EXPECT_THAT(list(0), IsEmpty());
}

TEST_P(DeadLetterContract, RemovedOnesGo) {
  write({dead_letter_of("d1"), dead_letter_of("d2")});
  write({dead_letter_of("d3")}, {"d1", "unknown"});
  EXPECT_THAT(list(), ElementsAre("d3", "d2"));
  EXPECT_FALSE(store().dead_letter("d1"));
}

TEST_P(DeadLetterContract, BeyondTheCountTheOldestGo) {
  open({.max_count = 3, .max_bytes = 1'000'000});
  write({dead_letter_of("d1"), dead_letter_of("d2"), dead_letter_of("d3")});
  write({dead_letter_of("d4")});
  EXPECT_THAT(list(), ElementsAre("d4", "d3", "d2"));
  write({dead_letter_of("d5"), dead_letter_of("d6"), dead_letter_of("d7"), dead_letter_of("d8")});
  EXPECT_THAT(list(), ElementsAre("d8", "d7", "d6"));
}

TEST_P(DeadLetterContract, BeyondTheBytesTheOldestGo) {
  open({.max_count = 100, .max_bytes = 1000});
  write({sized("d1", 400), sized("d2", 400)});
  write({sized("d3", 200)});
  EXPECT_THAT(list(), ElementsAre("d3", "d2", "d1"));
  write({sized("d4", 100)});
  EXPECT_THAT(list(), ElementsAre("d4", "d3", "d2"));
  write({sized("d5", 1000)});
  EXPECT_THAT(list(), ElementsAre("d5"));
  write({sized("d6", 1001)});
  EXPECT_THAT(list(), IsEmpty());
}

TEST_P(DeadLetterContract, ARemovalMakesRoom) {
  open({.max_count = 2, .max_bytes = 1000});
  write({sized("d1", 500), sized("d2", 500)});
  write({sized("d3", 500)}, {"d2"});
  EXPECT_THAT(list(), ElementsAre("d3", "d1"));
}

TEST_P(DeadLetterContract, AReplacedOneCountsOnce) {
  open({.max_count = 2, .max_bytes = 1000});
  write({sized("d1", 600)});
  write({sized("d1", 500), sized("d2", 500)});
  EXPECT_THAT(list(), ElementsAre("d2", "d1"));
}

TEST_P(DeadLetterContract, NoneAreKeptWhereNoneMayBe) {
  open({.max_count = 0, .max_bytes = 1000});
  write({dead_letter_of("d1")});
  EXPECT_THAT(list(), IsEmpty());
}

}  // namespace
}  // namespace inboxd::test
