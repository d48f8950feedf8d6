#include <gtest/gtest.h>

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mqtt/encoder.hpp"
#include "unit/mqtt/codec_hex.hpp"
#include "unit/mqtt/codec_random.hpp"

namespace inboxd::mqtt {
namespace {

/// Whatever is encoded is decoded to the same, however the bytes are cut.
void expect_round_trips(std::uint32_t seed, Role receiver, Version version) {
  RandomPackets random(seed, receiver, version);
  std::vector<Packet> packets;
  std::string stream;
  for (int i = 0; i < 20; ++i) encode(packets.emplace_back(random.next()), version, stream);

  const Decoder decoder = connected(receiver, version);
  const std::size_t largest_piece = random.upto(2) == 1 ? 5 : 3000;
  const Decoded decoded = decode_pieces(decoder, stream, [&] { return random.upto(largest_piece); });
  ASSERT_FALSE(decoded.error) << "seed " << seed << ": " << decoded.error->detail;
  EXPECT_EQ(decoded.held, 0U);
  EXPECT_TRUE(decoded.packets == packets) << "seed " << seed;
  EXPECT_TRUE(decode_whole(decoder, stream).packets == packets) << "seed " << seed;
}

TEST(MqttCodecTest, WhatIsEncodedIsDecodedToTheSame) {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    expect_round_trips(seed, Role::kServer, Version::k311);
    expect_round_trips(seed, Role::kServer, Version::k5);
    expect_round_trips(seed, Role::kClient, Version::k311);
    expect_round_trips(seed, Role::kClient, Version::k5);
  }
}

TEST(MqttCodecTest, KnowsTheSizeOfAPublishBeforeItIsEncoded) {
  Properties properties;
  properties.correlation_data = std::string(200, 'c');
  properties.subscription_ids = {1, 127, 128, 16'384, 2'097'152};
  properties.user_properties = {{"a", "b"}};
  for (const std::size_t payload_bytes : {0U, 120U, 127U, 16'370U, 16'384U, 2'097'152U}) {
    const std::string payload(payload_bytes, 'p');
    for (const Version version : {Version::k311, Version::k5}) {
      for (const Properties* with : std::initializer_list<const Properties*>{nullptr, &properties}) {
        const PublishParts parts{"a/b", payload, Qos::kAtLeastOnce, false, false, 7, with};
        std::string out = "before";
        encode_publish(parts, version, out);
        EXPECT_EQ(out.size(), 6 + encoded_size(parts, version)) << payload_bytes;
      }
    }
  }
}

struct Encoded {
  const char* bytes;
  Version version;
  Packet packet;
};

// The shortest forms, and what 3.1.1 is told instead of a reason it does not have.
const Encoded kEncoded[] = {
    {"40 02 00 07", Version::k5, Acknowledgement{Acknowledgement::Kind::kPuback, 7}},
    {"40 03 00 07 10", Version::k5,
     Acknowledgement{Acknowledgement::Kind::kPuback, 7, Reason::kNoMatchingSubscribers}},
    {"40 02 00 07", Version::k311,
     Acknowledgement{Acknowledgement::Kind::kPuback, 7, Reason::kNoMatchingSubscribers}},
    {"62 02 00 07", Version::k5, Acknowledgement{Acknowledgement::Kind::kPubrel, 7}},
    {"E0 00", Version::k5, Disconnect{}},
    {"E0 01 8B", Version::k5, Disconnect{Reason::kServerShuttingDown}},
    {"E0 00", Version::k311, Disconnect{Reason::kServerShuttingDown}},
    {"F0 00", Version::k5, Auth{}},
    {"", Version::k311, Auth{}},
    {"20 03 00 8A 00", Version::k5, Connack{false, Reason::kBanned}},
    {"20 02 01 00", Version::k311, Connack{true}},
    {"20 02 00 01", Version::k311, Connack{false, Reason::kUnsupportedProtocolVersion}},
    {"20 02 00 02", Version::k311, Connack{false, Reason::kClientIdentifierNotValid}},
    {"20 02 00 03", Version::k311, Connack{false, Reason::kServerBusy}},
    {"20 02 00 04", Version::k311, Connack{false, Reason::kBadUserNameOrPassword}},
    {"20 02 00 05", Version::k311, Connack{false, Reason::kBanned}},
    {"90 04 00 01 80 02", Version::k311, Suback{1, {Reason::kNotAuthorized, Reason::kGrantedQos2}}},
    {"90 05 00 01 00 87 02", Version::k5, Suback{1, {Reason::kNotAuthorized, Reason::kGrantedQos2}}},
    {"B0 02 00 01", Version::k311, Unsuback{1, {Reason::kSuccess}}},
    {"D0 00", Version::k5, Pingresp{}},
    {"3D 06 00 01 'a' 00 09 'p'", Version::k311, Publish{"a", "p", Qos::kExactlyOnce, true, true, 9}},
    {"82 06 00 01 00 01 'a' 01", Version::k311,
     Subscribe{1, {{"a", Qos::kAtLeastOnce, true, true, RetainHandling::kDoNotSend}}}},
    {"82 07 00 01 00 00 01 'a' 2D", Version::k5,
     Subscribe{1, {{"a", Qos::kAtLeastOnce, true, true, RetainHandling::kDoNotSend}}}},
};

TEST(MqttCodecTest, EncodesAsShortAsTheStandardAllows) {
  for (const Encoded& c : kEncoded) {
    std::string out;
    encode(c.packet, c.version, out);
    EXPECT_EQ(out, bytes_of(c.bytes)) << c.bytes;
  }
}

TEST(MqttCodecTest, EveryErrorHasANameOfItsOwn) {
  std::set<std::string_view> names = {"unknown"};
  for (unsigned code = 0x80; code <= 0xA2; ++code) {
    EXPECT_TRUE(names.insert(name_of(static_cast<Reason>(code))).second) << code;
  }
  EXPECT_EQ(name_of(Reason::kNotAuthorized), "not_authorized");
  EXPECT_EQ(name_of(static_cast<Reason>(0x7F)), "unknown");
}

}  // namespace
}  // namespace inboxd::mqtt
