#include "engine/ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/fingerprint.hpp"

namespace inboxd {
namespace {

using ::testing::IsEmpty;

const Fingerprint kOk = fingerprint_of("topic", "ok");
const Fingerprint kOther = fingerprint_of("topic", "other");

FingerprintRow row(std::uint64_t sequence, const Fingerprint& fingerprint, const char* message) {
  return {sequence, fingerprint, AppId{"tilechat"}, MessageId{message}};
}

std::string matched(RedeliveryLedger& ledger, const Fingerprint& fingerprint) {
  const auto found = ledger.match(fingerprint);
  return found ? found->message.str() : "";
}

// PROTOCOL 2: one redelivery consumes one fingerprint.
TEST(LedgerTest, OfTwinsEachIsMatchedOnceOldestFirst) {
  RedeliveryLedger ledger({row(3, kOk, "m3"), row(5, kOk, "m5"), row(6, kOther, "m6")});
  EXPECT_EQ(matched(ledger, kOk), "m3");
  EXPECT_EQ(matched(ledger, kOk), "m5");
  EXPECT_EQ(matched(ledger, kOk), "") << "a third is new";
  EXPECT_EQ(matched(ledger, kOther), "m6");
  EXPECT_FALSE(ledger.expects_redeliveries());
}

TEST(LedgerTest, WhatIsInFlightIsNoRedeliveryUntilTheSessionIsLost) {
  RedeliveryLedger ledger({});
  ledger.committed(row(ledger.next_sequence(), kOk, "m1"));
  EXPECT_EQ(matched(ledger, kOk), "");
  ledger.session_lost();
  EXPECT_EQ(matched(ledger, kOk), "m1");
}

TEST(LedgerTest, AMatchedOneCanComeOnceMore) {
  RedeliveryLedger ledger({row(1, kOk, "m1"), row(2, kOk, "m2")});
  EXPECT_EQ(matched(ledger, kOk), "m1");
  ledger.session_lost();
  EXPECT_EQ(matched(ledger, kOk), "m1") << "in the order of commit again";
  EXPECT_EQ(matched(ledger, kOk), "m2");
}

TEST(LedgerTest, WhatIsSettledNeverComesAgain) {
  RedeliveryLedger ledger({});
  ledger.committed(row(1, kOk, "m1"));
  ledger.settled(1);
  ledger.session_lost();
  EXPECT_EQ(matched(ledger, kOk), "");
}

TEST(LedgerTest, ExpectsNoMoreOnceNewDeliveriesCome) {
  RedeliveryLedger ledger({row(1, kOk, "m1"), row(2, kOther, "m2")});
  EXPECT_THAT(ledger.expect_no_more(), ::testing::UnorderedElementsAre(1, 2));
  EXPECT_EQ(matched(ledger, kOk), "");
  EXPECT_THAT(ledger.expect_no_more(), IsEmpty());
}

TEST(LedgerTest, SequencesGoOnAboveThoseStored) {
  RedeliveryLedger ledger({row(7, kOk, "m7")});
  EXPECT_EQ(ledger.next_sequence(), 8U);
  EXPECT_EQ(ledger.next_sequence(), 9U);
}

TEST(FingerprintTest, IsTheSameForEver) {
  // Stored fingerprints must match after an upgrade: these values may never change.
  EXPECT_EQ(fingerprint_of("", ""), (Fingerprint{0xcbf29ce484222325, 0xcbf29ce484222325}));
  EXPECT_EQ(fingerprint_of("a", "").topic_hash, (0xcbf29ce484222324ULL ^ 0x61) * 0x100000001b3ULL);
  EXPECT_NE(fingerprint_of("a", "b"), fingerprint_of("b", "a"));
}

}  // namespace
}  // namespace inboxd
