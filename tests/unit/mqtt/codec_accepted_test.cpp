#include <gtest/gtest.h>

#include <string>

#include "mqtt/decoder.hpp"
#include "unit/mqtt/codec_hex.hpp"

namespace inboxd::mqtt {
namespace {

struct Accepted {
  const char* section;
  Role role;
  Version version;
  const char* bytes;
  Packet packet;
};

Connect connect(Version version, std::string client_id) {
  Connect connect;
  connect.version = version;
  connect.client_id = std::move(client_id);
  return connect;
}

Connect full_connect(Version version) {
  Connect full = connect(version, "c");
  full.keep_alive_seconds = 60;
  full.will = Will{"w", "", Qos::kExactlyOnce, true, {}};
  full.user_name = "u";
  full.password = "p";
  if (version == Version::k311) return full;
  full.properties.session_expiry_seconds = 5;
  full.properties.receive_maximum = 1;
  full.will->properties.will_delay_seconds = 2;
  return full;
}

Properties user_property() {
  Properties properties;
  properties.user_properties = {{"k", "v"}};
  return properties;
}

template <class T>
Properties with(std::optional<T> Properties::*member, T value) {
  Properties properties;
  properties.*member = std::move(value);
  return properties;
}

Properties subscription_ids(std::vector<std::uint32_t> ids) {
  Properties properties;
  properties.subscription_ids = std::move(ids);
  return properties;
}

constexpr Role kServer = Role::kServer;
constexpr Role kClient = Role::kClient;
constexpr Version k311 = Version::k311;
constexpr Version k5 = Version::k5;
using Ack = Acknowledgement;

const Accepted kAccepted[] = {
    // A remaining length of more bytes than need be is wrong in 5.0 alone.
    {"2.1.4", kServer, k311, "C0 80 00", Pingreq{}},
    {"3.1", kServer, k311, "10 0D 00 04 'MQTT' 04 02 00 00 00 01 'c'", connect(k311, "c")},
    {"3.1.3.1", kServer, k311, "10 0C 00 04 'MQTT' 04 02 00 00 00 00", connect(k311, "")},
    {"3.1", kServer, k5, "10 0E 00 04 'MQTT' 05 02 00 00 00 00 01 'c'", connect(k5, "c")},
    {"3.1", kServer, k311, "10 18 00 04 'MQTT' 04 F6 00 3C 00 01 'c' 00 01 'w' 00 00 00 01 'u' 00 01 'p'",
     full_connect(k311)},
    {"3.1", kServer, k5,
     "10 27 00 04 'MQTT' 05 F6 00 3C 08 11 00 00 00 05 21 00 01 00 01 'c' "
     "05 18 00 00 00 02 00 01 'w' 00 00 00 01 'u' 00 01 'p'",
     full_connect(k5)},
    {"3.2", kClient, k311, "20 02 01 00", Connack{true, Reason::kSuccess, {}}},
    {"3.2", kClient, k311, "20 02 00 05", Connack{false, Reason::kNotAuthorized, {}}},
    {"3.2", kClient, k5, "20 06 00 00 03 21 00 0A",
     Connack{false, Reason::kSuccess, with<std::uint16_t>(&Properties::receive_maximum, 10)}},
    {"3.3", kServer, k311, "30 03 00 01 'a'", Publish{"a"}},
    {"3.3", kServer, k311, "3B 06 00 01 'a' 00 09 'p'", Publish{"a", "p", Qos::kAtLeastOnce, true, true, 9}},
    {"1.5.4-3", kServer, k311, "30 06 00 04 EF BB BF 'a'",
     Publish{"\xEF\xBB\xBF"
             "a"}},
    {"1.5.4", kServer, k311, "30 06 00 04 F0 9F 98 80", Publish{"\xF0\x9F\x98\x80"}},
    {"3.3.2.3.4", kServer, k5, "30 07 00 00 03 23 00 01 'p'",
     Publish{"", "p", Qos::kAtMostOnce, false, false, 0, with<std::uint16_t>(&Properties::topic_alias, 1)}},
    {"3.3.2.3.8", kClient, k5, "30 09 00 01 'a' 05 0B 01 0B 80 01",
     Publish{"a", "", Qos::kAtMostOnce, false, false, 0, subscription_ids({1, 128})}},
    {"3.3.2.3.7", kServer, k5, "30 0B 00 01 'a' 07 26 00 01 'k' 00 01 'v'",
     Publish{"a", "", Qos::kAtMostOnce, false, false, 0, user_property()}},
    {"3.4.2.1", kServer, k311, "40 02 00 07", Ack{Ack::Kind::kPuback, 7}},
    {"3.4.2.1", kServer, k5, "40 02 00 07", Ack{Ack::Kind::kPuback, 7}},
    {"3.4.2.1", kServer, k5, "40 03 00 07 80", Ack{Ack::Kind::kPuback, 7, Reason::kUnspecifiedError}},
    {"3.4.2.2", kServer, k5, "40 04 00 07 00 00", Ack{Ack::Kind::kPuback, 7}},
    {"3.5", kServer, k5, "50 0B 00 07 00 07 26 00 01 'k' 00 01 'v'",
     Ack{Ack::Kind::kPubrec, 7, Reason::kSuccess, user_property()}},
    {"3.6", kServer, k5, "62 03 00 07 92", Ack{Ack::Kind::kPubrel, 7, Reason::kPacketIdentifierNotFound}},
    {"3.7", kServer, k311, "70 02 00 07", Ack{Ack::Kind::kPubcomp, 7}},
    {"3.8", kServer, k311, "82 0A 00 01 00 01 'a' 01 00 01 'b' 02",
     Subscribe{1, {{"a", Qos::kAtLeastOnce}, {"b", Qos::kExactlyOnce}}}},
    {"3.8", kServer, k5, "82 09 00 01 02 0B 07 00 01 'a' 2D",
     Subscribe{1, {{"a", Qos::kAtLeastOnce, true, true, RetainHandling::kDoNotSend}}, subscription_ids({7})}},
    // Whether a filter's wildcards are in place is for the session to answer.
    {"3.8.3", kServer, k5, "82 08 00 01 00 00 02 '#a' 00", Subscribe{1, {{"#a"}}}},
    {"3.9", kClient, k311, "90 04 00 01 02 80", Suback{1, {Reason::kGrantedQos2, Reason::kUnspecifiedError}}},
    {"3.9", kClient, k5, "90 05 00 01 00 01 A2",
     Suback{1, {Reason::kGrantedQos1, Reason::kWildcardSubscriptionsNotSupported}}},
    {"3.10", kServer, k311, "A2 05 00 01 00 01 'a'", Unsubscribe{1, {"a"}}},
    {"3.10", kServer, k5, "A2 09 00 01 00 00 01 'a' 00 01 'b'", Unsubscribe{1, {"a", "b"}}},
    {"3.11", kClient, k311, "B0 02 00 01", Unsuback{1}},
    {"3.11", kClient, k5, "B0 04 00 01 00 11", Unsuback{1, {Reason::kNoSubscriptionExisted}}},
    {"3.12", kServer, k5, "C0 00", Pingreq{}},
    {"3.13", kClient, k5, "D0 00", Pingresp{}},
    {"3.14", kServer, k311, "E0 00", Disconnect{}},
    {"3.14.2.1", kServer, k5, "E0 00", Disconnect{}},
    {"3.14.2.1", kServer, k5, "E0 01 04", Disconnect{Reason::kDisconnectWithWill}},
    {"3.14.2.2", kServer, k5, "E0 07 00 05 11 00 00 00 09",
     Disconnect{Reason::kSuccess, with<std::uint32_t>(&Properties::session_expiry_seconds, 9)}},
    {"3.14.2.2", kClient, k5, "E0 06 9D 04 1C 00 01 's'",
     Disconnect{Reason::kServerMoved, with<std::string>(&Properties::server_reference, "s")}},
    {"3.15.2.1", kClient, k5, "F0 00", Auth{}},
    {"3.15.2.1", kServer, k5, "F0 06 18 04 15 00 01 'm'",
     Auth{Reason::kContinueAuthentication, with<std::string>(&Properties::authentication_method, "m")}},
};

TEST(MqttDecoderTest, TakesWhatTheStandardAllows) {
  for (const Accepted& c : kAccepted) {
    const Decoded decoded = decode_whole(connected(c.role, c.version), bytes_of(c.bytes));
    ASSERT_FALSE(decoded.error) << c.section << ": " << c.bytes << ": " << decoded.error->detail;
    ASSERT_EQ(decoded.packets.size(), 1U) << c.section << ": " << c.bytes;
    EXPECT_TRUE(decoded.packets[0] == c.packet) << c.section << ": " << c.bytes;
  }
}

TEST(MqttDecoderTest, AConnectSetsTheVersionOfWhatFollows) {
  const std::string five = bytes_of("10 0E 00 04 'MQTT' 05 02 00 00 00 00 01 'c' E0 01 04");
  const Decoded decoded = decode_whole(Decoder(Role::kServer, 1000), five);
  ASSERT_FALSE(decoded.error) << decoded.error->detail;
  ASSERT_EQ(decoded.packets.size(), 2U);
  EXPECT_TRUE(decoded.packets[1] == Packet(Disconnect{Reason::kDisconnectWithWill}));
}

TEST(MqttDecoderTest, HoldsWhatHasComeAndNoMore) {
  Decoder decoder = connected(Role::kServer, Version::k311);
  const std::string announced = bytes_of("30 FF FF 0F 00 01 'a'");
  std::string_view bytes = announced;
  const auto nothing = decoder.next(bytes);
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(*nothing);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(decoder.held(), announced.size());
}

TEST(MqttDecoderTest, LeavesWhatComesAfterAPacket) {
  Decoder decoder = connected(Role::kServer, Version::k311);
  const std::string first = bytes_of("40");
  const std::string rest = bytes_of("02 00 07 C0");
  std::string_view bytes = first;
  ASSERT_TRUE(decoder.next(bytes));
  bytes = rest;
  const auto packet = decoder.next(bytes);
  ASSERT_TRUE(packet && *packet);
  EXPECT_EQ(bytes, bytes_of("C0"));
  EXPECT_EQ(decoder.held(), 0U);
}

}  // namespace
}  // namespace inboxd::mqtt
