#include <limits>

#include "contract/session_fixture.hpp"

namespace inboxd::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kLast = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kMany = 1000;

// An id that others begin with, others that sort beside it, and the longest there can be.
const std::vector<std::string> odd_ids = {
    "c", "c\x01", "c ", "c/1", "c1", "\xc3\xbc", "\xf4\x8f\xbf\xbf", std::string(65'535, 'c')};

INBOXD_FOR_EVERY_STORE(SessionContract);

std::vector<std::string> ids_of(const std::vector<SessionRow>& rows) {
  std::vector<std::string> ids;
  ids.reserve(rows.size());
  for (const auto& row : rows) ids.push_back(row.client_id);
  return ids;
}

std::vector<std::uint64_t> sequences_of(const std::vector<QueuedMessage>& messages) {
  std::vector<std::uint64_t> sequences;
  sequences.reserve(messages.size());
  for (const auto& message : messages) sequences.push_back(message.key.sequence);
  return sequences;
}

TEST_P(SessionContract, ANewStoreIsEmpty) {
  sessions().commit({});
  EXPECT_THAT(sessions().sessions({}, kMany), IsEmpty());
  EXPECT_THAT(sessions().retained({}, kMany), IsEmpty());
  EXPECT_THAT(queue_of("c"), IsEmpty());
  EXPECT_EQ(sessions().queue_size("c"), QueueSize{});
  EXPECT_THAT(sessions().packets("c"), IsEmpty());
  EXPECT_EQ(sessions().last_sequence(), 0U);
}

TEST_P(SessionContract, ASessionIsReadAsItWas) {
  const SessionRow bare{"bare", "", 0, 0, false, {}};
  const SessionRow full{
      "full",
      "alice",
      SessionRow::kNeverExpires,
      1'700'000'000'000,
      true,
      {{"#", 0x2F, 0}, {"a/+/\xc3\xbc", 0xFF, 268'435'455}, {std::string(65'535, 'x'), 0, 1}},
      SessionWill{"w/\xc3\xbc", std::string("\0\xff", 2), 2, true, 4'294'967'295, "p", 1'700'000'000'001}};
  SessionCommit commit;
  commit.sessions = {full, bare};
  sessions().commit(commit);
  EXPECT_THAT(sessions().sessions({}, kMany), ElementsAre(bare, full));
}

TEST_P(SessionContract, ALaterSessionReplacesAnEarlier) {
  SessionCommit commit;
  commit.sessions = {session_of("c")};
  sessions().commit(commit);
  commit.sessions[0].subscriptions.clear();
  commit.sessions[0].ended_at = 5000;
  sessions().commit(commit);
  EXPECT_EQ(sessions().sessions({}, kMany), commit.sessions);
}

TEST_P(SessionContract, SessionsAreReadInPages) {
  SessionCommit commit;
  for (const auto* id : {"b", "a", "b1", "\xff"}) commit.sessions.push_back(session_of(id));
  sessions().commit(commit);
  EXPECT_THAT(ids_of(sessions().sessions({}, 2)), ElementsAre("a", "b"));
  EXPECT_THAT(ids_of(sessions().sessions("b", 2)), ElementsAre("b1", "\xff"));
  EXPECT_THAT(ids_of(sessions().sessions("aa", 1)), ElementsAre("b")) << "one that has no session";
  EXPECT_THAT(sessions().sessions("\xff", 2), IsEmpty());
  EXPECT_THAT(sessions().sessions({}, 0), IsEmpty());
}

TEST_P(SessionContract, AQueuedMessageIsReadAsItWas) {
  auto full = queued_of("c", kLast, std::string("\0\xff{", 3));
  full.topic = "apps/tilechat/users/alice/messages/bob/clientadded";
  full.qos = 2;
  full.retain = true;
  full.packet_id = 65'535;
  full.expires_at = 1'700'000'000'000;
  full.properties = std::string("\0\x01", 2);
  const auto bare = queued_of("c", 1, "");
  SessionCommit commit;
  commit.queued = {full, bare};
  sessions().commit(commit);
  EXPECT_THAT(queue_of("c"), ElementsAre(bare, full));
  EXPECT_EQ(sessions().queue_size("c"), (QueueSize{2, bytes_of(bare) + bytes_of(full)}));
}

TEST_P(SessionContract, EveryClientHasItsOwnQueue) {
  SessionCommit commit;
  std::uint64_t sequence = 0;
  for (const auto& id : odd_ids) {
    commit.queued.push_back(queued_of(id, ++sequence));
    commit.queued.push_back(queued_of(id, ++sequence));
    commit.packets.push_back({id, kReleased, 1});
  }
  sessions().commit(commit);
  for (std::size_t i = 0; i < odd_ids.size(); ++i) {
    EXPECT_THAT(sequences_of(queue_of(odd_ids[i])), ElementsAre(2 * i + 1, 2 * i + 2));
    EXPECT_EQ(sessions().queue_size(odd_ids[i]).messages, 2U);
    EXPECT_EQ(sessions().packets(odd_ids[i]).size(), 1U);
  }
}

TEST_P(SessionContract, AQueueIsReadInTheOrderOfItsSequence) {
  SessionCommit commit;
  for (const std::uint64_t sequence : {256U, 1U, 255U, 65'536U}) {
    commit.queued.push_back(queued_of("c", sequence, "1234"));
  }
  sessions().commit(commit);
  const std::size_t each = bytes_of(commit.queued[0]);
  EXPECT_THAT(sequences_of(sessions().queue("c", 0, 3, kMany)), ElementsAre(1, 255, 256));
  EXPECT_THAT(sequences_of(sessions().queue("c", 255, kMany, kMany)), ElementsAre(256, 65'536));
  EXPECT_THAT(sequences_of(sessions().queue("c", 2, 1, kMany)), ElementsAre(255));
  EXPECT_THAT(sequences_of(sessions().queue("c", 0, kMany, 2 * each)), ElementsAre(1, 255));
  EXPECT_THAT(sequences_of(sessions().queue("c", 0, kMany, 2 * each - 1)), ElementsAre(1));
  EXPECT_THAT(sequences_of(sessions().queue("c", 0, kMany, 0)), ElementsAre(1)) << "one at least";
  EXPECT_THAT(sessions().queue("c", kLast, kMany, kMany), IsEmpty());
  EXPECT_THAT(sessions().queue("c", 0, 0, kMany), IsEmpty());
}

TEST_P(SessionContract, AQueuedMessageTakesItsPacketIdLater) {
  SessionCommit commit;
  commit.queued = {queued_of("c", 1), queued_of("c", 2)};
  sessions().commit(commit);
  commit.queued = {queued_of("c", 1)};
  commit.queued[0].packet_id = 7;
  sessions().commit(commit);
  EXPECT_EQ(queue_of("c").front().packet_id, 7);
  EXPECT_EQ(queue_of("c").size(), 2U);
}

TEST_P(SessionContract, AcknowledgedMessagesGo) {
  SessionCommit commit;
  commit.queued = {queued_of("c", 1), queued_of("c", 2), queued_of("d", 3)};
  sessions().commit(commit);
  SessionCommit acknowledged;
  acknowledged.removed_queued = {{"c", 1}, {"c", 3}, {"nobody", 1}};
  sessions().commit(acknowledged);
  EXPECT_THAT(sequences_of(queue_of("c")), ElementsAre(2));
  EXPECT_THAT(sequences_of(queue_of("d")), ElementsAre(3));
}

TEST_P(SessionContract, AMessageThatIsQueuedAndRemovedIsGone) {
  SessionCommit commit;
  commit.queued = {queued_of("c", 1), queued_of("c", 2)};
  commit.removed_queued = {{"c", 1}};
  sessions().commit(commit);
  EXPECT_THAT(sequences_of(queue_of("c")), ElementsAre(2));
}

TEST_P(SessionContract, TheLastSequenceOutlivesItsMessage) {
  SessionCommit commit;
  commit.queued = {queued_of("c", 500), queued_of("d", 7)};
  sessions().commit(commit);
  EXPECT_EQ(sessions().last_sequence(), 500U);
  SessionCommit removal;
  removal.removed_sessions = {"c"};
  sessions().commit(removal);
  EXPECT_EQ(sessions().last_sequence(), 500U);
  commit.queued = {queued_of("d", 7)};
  sessions().commit(commit);
  EXPECT_EQ(sessions().last_sequence(), 500U) << "a message that is written again brings nothing back";
  commit.queued = {queued_of("d", kLast)};
  sessions().commit(commit);
  EXPECT_EQ(sessions().last_sequence(), kLast);
}

TEST_P(SessionContract, EachStateHasItsOwnPacketIds) {
  SessionCommit commit;
  commit.packets = {{"c", kReleased, 1},
                    {"c", kAwaitsRelease, 65'535},
                    {"c", kAwaitsRelease, 256},
                    {"c", kReleased, 256},
                    {"c", kReleased, 1}};
  sessions().commit(commit);
  const SessionPacket low{"c", kAwaitsRelease, 256};
  const SessionPacket high{"c", kAwaitsRelease, 65'535};
  const SessionPacket first{"c", kReleased, 1};
  const SessionPacket second{"c", kReleased, 256};
  EXPECT_THAT(sessions().packets("c"), ElementsAre(low, high, first, second));
  SessionCommit removal;
  removal.removed_packets = {second, {"c", kReleased, 65'535}};
  sessions().commit(removal);
  EXPECT_THAT(sessions().packets("c"), ElementsAre(low, high, first));
}

TEST_P(SessionContract, APacketIdThatIsFreedAndUsedAgainIsInUse) {
  SessionCommit commit;
  commit.packets = {{"c", kAwaitsRelease, 1}};
  commit.removed_packets = commit.packets;
  sessions().commit(commit);
  EXPECT_EQ(sessions().packets("c"), commit.packets);
}

TEST_P(SessionContract, ARemovedSessionTakesItsQueueAndPacketsAlong) {
  SessionCommit commit;
  std::uint64_t sequence = 0;
  for (const auto& id : odd_ids) {
    commit.sessions.push_back(session_of(id));
    commit.queued.push_back(queued_of(id, ++sequence));
    commit.packets.push_back({id, kReleased, 1});
  }
  sessions().commit(commit);
  SessionCommit removal;
  removal.removed_sessions = {"c", "nobody"};
  sessions().commit(removal);
  for (const auto& id : odd_ids) {
    const std::size_t left = id == "c" ? 0 : 1;
    EXPECT_EQ(queue_of(id).size(), left);
    EXPECT_EQ(sessions().packets(id).size(), left);
  }
  EXPECT_EQ(sessions().sessions({}, kMany).size(), odd_ids.size() - 1);
}

TEST_P(SessionContract, ASessionThatIsRemovedAndWrittenBeginsAnew) {
  SessionCommit commit;
  commit.sessions = {session_of("c")};
  commit.queued = {queued_of("c", 1)};
  commit.packets = {{"c", kAwaitsRelease, 1}};
  sessions().commit(commit);
  commit.removed_sessions = {"c"};
  commit.sessions[0].user = "bob";
  commit.queued = {queued_of("c", 2)};
  commit.packets = {{"c", kReleased, 9}};
  sessions().commit(commit);
  EXPECT_EQ(sessions().sessions({}, kMany), commit.sessions);
  EXPECT_EQ(queue_of("c"), commit.queued);
  EXPECT_EQ(sessions().packets("c"), commit.packets);
}

TEST_P(SessionContract, ARetainedMessageIsReadAsItWas) {
  RetainedMessage full = retained_of("a/b", std::string("\0\xff", 2));
  full.qos = 2;
  full.stored_at = 1'700'000'000'000;
  full.expires_at = -1;
  full.properties = std::string("\0p", 2);
  const RetainedMessage bare = retained_of("a", "");
  SessionCommit commit;
  commit.retained = {full, bare};
  sessions().commit(commit);
  EXPECT_THAT(sessions().retained({}, kMany), ElementsAre(bare, full));
}

TEST_P(SessionContract, ATopicHasOneRetainedMessageUntilItIsRemoved) {
  SessionCommit commit;
  commit.retained = {retained_of("a", "1"), retained_of("a/b", "2")};
  sessions().commit(commit);
  commit.retained = {retained_of("a", "3")};
  sessions().commit(commit);
  EXPECT_THAT(sessions().retained({}, kMany), ElementsAre(retained_of("a", "3"), retained_of("a/b", "2")));
  SessionCommit removal;
  removal.removed_retained = {"a", "b"};
  sessions().commit(removal);
  EXPECT_THAT(sessions().retained({}, kMany), ElementsAre(retained_of("a/b", "2")));
}

TEST_P(SessionContract, RetainedMessagesAreReadInPages) {
  const std::string large(kMaxReadBytes, 'x');
  SessionCommit commit;
  commit.retained = {retained_of("b", large), retained_of("a"), retained_of("c"), retained_of("b/1")};
  sessions().commit(commit);
  EXPECT_THAT(sessions().retained({}, 1), ElementsAre(retained_of("a")));
  EXPECT_THAT(sessions().retained({}, kMany), ElementsAre(retained_of("a"))) << "the next is too large";
  EXPECT_EQ(sessions().retained("a", kMany).size(), 1U) << "but not too large to come first";
  EXPECT_THAT(sessions().retained("b", kMany), ElementsAre(retained_of("b/1"), retained_of("c")));
  EXPECT_THAT(sessions().retained("c", kMany), IsEmpty());
}

TEST(SessionCommit, OnlyAcknowledgesWhereNothingIsLostWithIt) {
  SessionCommit commit;
  EXPECT_TRUE(commit.empty());
  commit.removed_queued = {{"c", 1}};
  commit.removed_packets = {{"c", kReleased, 1}};
  EXPECT_TRUE(commit.only_acknowledges());
  EXPECT_FALSE(commit.empty());
  auto frees = commit;
  frees.removed_packets.push_back({"c", kAwaitsRelease, 1});
  EXPECT_FALSE(frees.only_acknowledges()) << "the client may use the id again";
  auto removes = commit;
  removes.removed_sessions = {"c"};
  EXPECT_FALSE(removes.only_acknowledges());
  auto clears = commit;
  clears.removed_retained = {"t"};
  EXPECT_FALSE(clears.only_acknowledges());
  auto releases = commit;
  releases.packets = {{"c", kReleased, 2}};
  EXPECT_FALSE(releases.only_acknowledges());
}

}  // namespace
}  // namespace inboxd::test
