#include "store/row_codec.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "store/wire.hpp"

namespace inboxd::store {
namespace {

/// Every front of what encode() wrote, but the whole, must be refused or be another valid value; none may be
/// read beyond its end. The last field is the rest of the value, so only a cut before it shows.
template <class Row>
void expect_no_cut_is_read(const Row& row, std::size_t tail) {
  std::string value;
  encode(value, row);
  for (std::size_t size = 0; size + tail < value.size(); ++size) {
    Row cut;
    const std::string front = value.substr(0, size);
    EXPECT_FALSE(decode(front, cut)) << size << " of " << value.size() << " bytes";
  }
}

TEST(RowCodec, RefusesValuesThatWereCut) {
  TimelineRow row;
  row.status = Status::kSeen;
  expect_no_cut_is_read(row, 0);
  ConversationRow conversation;
  conversation.timestamp = 1'700'000'000'000;
  conversation.last_message = MessageId("m1");
  conversation.patch = "{}";
  expect_no_cut_is_read(conversation, 2);
  expect_no_cut_is_read(Group{AppId("a"), PartyId("g"), {PartyId("alice"), PartyId("bob")}, "{}"}, 2);
  expect_no_cut_is_read(DeadLetter{"d", 1, "bad_json", "why", "amq.topic", "apps.x", "{}", 2}, 2);
  expect_no_cut_is_read(OutboxRow{1, "hook", "key", "e1", 1000, "{}"}, 2);
  expect_no_cut_is_read(PublicationRow{"c", 1, {300, 1}, AppId("a"), MessageId("m1"), 5000}, 2);
  expect_no_cut_is_read(FanoutProgress{1, 300}, 0);
  expect_no_cut_is_read(BlockRow{AppId("a"), PartyId("alice"), PartyId("bob"), 1'700'000'000'000}, 0);
  expect_no_cut_is_read(BanRow{AppId("a"), PartyId("bob"), "spam", 1'700'000'000'000, 1'800'000'000'000}, 4);
  expect_no_cut_is_read(BanRow{AppId("a"), PartyId("bob"), "spam", 1'700'000'000'000, {}}, 4);
  expect_no_cut_is_read(FilterDocument{AppId("a"), 1'700'000'000'000, "{}"}, 2);
}

/// Encodes `row` and decodes it into `key`, which holds what the row's key says and old values besides.
template <class Row>
Row read_back(const Row& row, Row key) {
  std::string value = "old";
  encode(value, row);
  EXPECT_TRUE(decode(value, key));
  return key;
}

TEST(RowCodec, KeepsWhatAKeyDoesNotSay) {
  const AppId app("a");
  const PartyId bob("bob");
  const BlockRow block{app, PartyId("alice"), bob, -1};
  EXPECT_EQ(read_back(block, {app, PartyId("alice"), bob, 99}), block);
  for (const BanRow& ban : {BanRow{app, bob, "", 0, std::nullopt}, BanRow{app, bob, "spam", 7, 0},
                            BanRow{app, bob, std::string("\0\xff", 2), -7, -1},
                            BanRow{app, bob, "x", 1, std::numeric_limits<Millis>::max()}}) {
    EXPECT_EQ(read_back(ban, {app, bob, "old", 99, 99}), ban);
  }
  const FilterDocument document{app, 1000, R"({"filters":[]})"};
  EXPECT_EQ(read_back(document, {app, 99, "old"}), document);
}

TEST(RowCodec, RefusesACountOfMembersThatTheValueCannotHold) {
  std::string value;
  put_varint(value, std::numeric_limits<std::uint64_t>::max());
  Group group;
  EXPECT_FALSE(decode(value, group));
}

TEST(RowCodec, RefusesBytesThatAreLeftOver) {
  TimelineRow row;
  std::string value;
  encode(value, row);
  EXPECT_FALSE(decode(value + "x", row));
}

TEST(Wire, KeepsNumbersOfEverySize) {
  for (const std::int64_t number :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{63}, std::int64_t{-64}, std::int64_t{64},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    std::string bytes;
    put_signed(bytes, number);
    WireReader reader(bytes);
    EXPECT_EQ(reader.signed_varint(), number);
    EXPECT_TRUE(reader.done());
  }
}

TEST(Wire, ANumberWithoutEndIsMalformed) {
  const std::string bytes(11, '\xff');
  WireReader reader(bytes);
  reader.varint();
  EXPECT_FALSE(reader.ok());
  EXPECT_TRUE(reader.text().empty());
  EXPECT_FALSE(reader.done());
}

}  // namespace
}  // namespace inboxd::store
