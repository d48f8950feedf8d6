#include <gtest/gtest.h>

#include <string>

#include "mqtt/decoder.hpp"
#include "unit/mqtt/codec_hex.hpp"

namespace inboxd::mqtt {
namespace {

struct Refused {
  const char* clause;
  Reason reason;
  const char* bytes;
};

constexpr Reason kMalformed = Reason::kMalformedPacket;
constexpr Reason kProtocol = Reason::kProtocolError;
constexpr Reason kVersion = Reason::kUnsupportedProtocolVersion;

void expect_refused(const Decoder& decoder, const Refused& c) {
  const std::string bytes = bytes_of(c.bytes);
  for (const std::size_t piece : {bytes.size(), std::size_t{1}}) {
    const Decoded decoded = decode_pieces(decoder, bytes, [&] { return piece; });
    ASSERT_TRUE(decoded.error) << c.clause << ": " << c.bytes;
    EXPECT_EQ(decoded.error->clause, c.clause) << c.bytes << ": " << decoded.error->detail;
    EXPECT_EQ(name_of(decoded.error->reason), name_of(c.reason)) << c.bytes;
    EXPECT_TRUE(decoded.packets.empty()) << c.bytes;
  }
}

const Refused kBeforeConnect[] = {
    {"MQTT-3.1.0-1", kProtocol, "C0 00"},
    {"MQTT-3.1.0-1", kProtocol, "'GET / HTTP/1.1'"},
    {"MQTT-3.1.0-1", kProtocol, "00 00"},
    {"MQTT-2.1.3-1", kMalformed, "11 0D 00 04 'MQTT' 04 02 00 00 00 01 'c'"},
    {"2.1.4", kMalformed, "10 FF FF FF FF 01"},
    {"MQTT-1.5.5-1", kMalformed, "10 8E 00 00 04 'MQTT' 05 02 00 00 00 00 01 'c'"},
    {"MQTT-3.1.2-1", kVersion, "10 0D 00 04 'MQTx' 04 02 00 00 00 01 'c'"},
    {"MQTT-3.1.2-1", kVersion, "10 0F 00 06 'MQIsdp' 03 02 00 00 00 01 'c'"},
    {"MQTT-3.1.2-2", kVersion, "10 0D 00 04 'MQTT' 03 02 00 00 00 01 'c'"},
    {"MQTT-3.1.2-2", kVersion, "10 0D 00 04 'MQTT' 06 02 00 00 00 01 'c'"},
    // A bridge's mark, which other brokers take.
    {"MQTT-3.1.2-2", kVersion, "10 0D 00 04 'MQTT' 84 02 00 00 00 01 'c'"},
    {"MQTT-1.5.4-1", kMalformed, "10 08 00 04 'MQT' FF 04 02"},
    {"", kMalformed, "10 00"},
    {"", kMalformed, "10 06 00 04 'MQTT'"},
    {"", kMalformed, "10 0A 00 04 'MQTT' 04 02 00 00"},
    {"", kMalformed, "10 0D 00 04 'MQTT' 04 02 00 00 00 02 'c'"},
    {"2.1.4", kMalformed, "10 0E 00 04 'MQTT' 04 02 00 00 00 01 'c' 00"},
    {"MQTT-3.1.2-3", kMalformed, "10 0D 00 04 'MQTT' 04 03 00 00 00 01 'c'"},
    {"MQTT-3.1.2-12", kMalformed, "10 12 00 04 'MQTT' 04 1E 00 00 00 01 'c' 00 01 'w' 00 00"},
    {"MQTT-3.1.2-11", kProtocol, "10 0D 00 04 'MQTT' 04 0A 00 00 00 01 'c'"},
    {"MQTT-3.1.2-13", kProtocol, "10 0D 00 04 'MQTT' 04 22 00 00 00 01 'c'"},
    {"v3.1.1 MQTT-3.1.2-22", kProtocol, "10 10 00 04 'MQTT' 04 42 00 00 00 01 'c' 00 01 'p'"},
    {"MQTT-4.7.3-1", kProtocol, "10 11 00 04 'MQTT' 04 06 00 00 00 01 'c' 00 00 00 00"},
    {"MQTT-4.7.0-1", kProtocol, "10 12 00 04 'MQTT' 04 06 00 00 00 01 'c' 00 01 '#' 00 00"},
    {"MQTT-1.5.4-2", kMalformed, "10 0D 00 04 'MQTT' 04 02 00 00 00 01 00"},
    {"MQTT-1.5.4-1", kMalformed, "10 10 00 04 'MQTT' 04 82 00 00 00 01 'c' 00 01 FF"},
    {"", kMalformed, "10 0D 00 04 'MQTT' 04 82 00 00 00 01 'c'"},
    // 5.0 has the length of its properties even where there are none (MQTT-2.2.2-1).
    {"", kMalformed, "10 0A 00 04 'MQTT' 05 02 00 00"},
    {"", kMalformed, "10 0E 00 04 'MQTT' 05 02 00 00 04 00 01 'c'"},
    {"2.2.2.2", kProtocol, "10 14 00 04 'MQTT' 05 02 00 00 06 21 00 01 21 00 01 00 01 'c'"},
    {"2.2.2.2", kProtocol, "10 10 00 04 'MQTT' 05 02 00 00 02 19 02 00 01 'c'"},
    {"2.2.2.2", kProtocol, "10 10 00 04 'MQTT' 05 02 00 00 02 17 02 00 01 'c'"},
    {"2.2.2.2", kMalformed, "10 11 00 04 'MQTT' 05 02 00 00 03 23 00 01 00 01 'c'"},
    {"3.1.2.11.3", kProtocol, "10 11 00 04 'MQTT' 05 02 00 00 03 21 00 00 00 01 'c'"},
    {"3.1.2.11.4", kProtocol, "10 13 00 04 'MQTT' 05 02 00 00 05 27 00 00 00 00 00 01 'c'"},
    {"3.1.2.11.10", kProtocol, "10 11 00 04 'MQTT' 05 02 00 00 03 16 00 00 00 01 'c'"},
    {"2.2.2.2", kMalformed, "10 16 00 04 'MQTT' 05 06 00 00 00 00 01 'c' 03 21 00 01 00 01 'w' 00 00"},
};

TEST(MqttDecoderTest, RefusesWhatCannotBeginAConnection) {
  for (const Refused& c : kBeforeConnect) expect_refused(Decoder(Role::kServer, 1 << 20), c);
}

const Refused kInBothVersions[] = {
    {"2.1.2", kMalformed, "00 00"},
    {"2.1.2", kProtocol, "20 02 00 00"},
    {"2.1.2", kProtocol, "90 03 00 01 00"},
    {"2.1.2", kProtocol, "B0 02 00 01"},
    {"2.1.2", kProtocol, "D0 00"},
    {"MQTT-2.1.3-1", kMalformed, "42 02 00 01"},
    {"MQTT-2.1.3-1", kMalformed, "51 02 00 01"},
    {"MQTT-2.1.3-1", kMalformed, "78 02 00 01"},
    {"MQTT-2.1.3-1", kMalformed, "C1 00"},
    {"MQTT-3.6.1-1", kMalformed, "60 02 00 01"},
    {"MQTT-3.8.1-1", kMalformed, "80 06 00 01 00 01 'a' 00"},
    {"MQTT-3.10.1-1", kMalformed, "A0 05 00 01 00 01 'a'"},
    {"MQTT-3.14.1-1", kMalformed, "E2 00"},
    {"MQTT-3.3.1-4", kMalformed, "36 05 00 01 'a' 00 01"},
    {"MQTT-3.3.1-2", kMalformed, "38 03 00 01 'a'"},
    {"2.1.4", kMalformed, "30 80 80 80 80 00"},
    {"2.1.4", kMalformed, "C0 01 00"},
    {"", kMalformed, "30 00"},
    {"", kMalformed, "30 02 00 01"},
    {"", kMalformed, "32 04 00 01 'a' 00"},
    {"MQTT-2.2.1-3", kProtocol, "32 06 00 01 'a' 00 00 00"},
    {"MQTT-2.2.1-3", kProtocol, "40 02 00 00"},
    {"", kMalformed, "40 01 00"},
    {"MQTT-2.2.1-3", kProtocol, "82 06 00 00 00 01 'a' 00"},
    {"MQTT-2.2.1-3", kProtocol, "A2 05 00 00 00 01 'a'"},
    {"MQTT-3.3.2-2", kProtocol, "30 06 00 03 'a/+' 00"},
    {"MQTT-3.3.2-2", kProtocol, "30 04 00 01 '#' 00"},
    {"3.3.2.1", kProtocol, "30 03 00 00 00"},
    {"MQTT-1.5.4-2", kMalformed, "30 06 00 03 'a' 00 'b' 00"},
    {"MQTT-1.5.4-1", kMalformed, "30 06 00 03 ED A0 80 00"},
    {"MQTT-1.5.4-1", kMalformed, "30 05 00 02 C0 AF 00"},
};

TEST(MqttDecoderTest, RefusesWhatNeitherVersionAllows) {
  for (const Refused& c : kInBothVersions) {
    expect_refused(connected(Role::kServer, Version::k311), c);
    expect_refused(connected(Role::kServer, Version::k5), c);
  }
}

const Refused kIn311[] = {
    {"2.1.2", kMalformed, "F0 00"},
    {"2.1.4", kMalformed, "40 03 00 01 00"},
    {"2.1.4", kMalformed, "E0 01 00"},
    {"MQTT-3.8.3-2", kProtocol, "82 02 00 01"},
    {"MQTT-3.10.3-2", kProtocol, "A2 02 00 01"},
    {"v3.1.1 MQTT-3.8.3-4", kMalformed, "82 06 00 01 00 01 'a' 03"},
    {"v3.1.1 MQTT-3.8.3-4", kMalformed, "82 06 00 01 00 01 'a' 04"},
    {"v3.1.1 MQTT-3.8.3-4", kMalformed, "82 06 00 01 00 01 'a' 80"},
    {"MQTT-1.5.4-1", kMalformed, "82 06 00 01 00 01 FF 00"},
    {"", kMalformed, "82 05 00 01 00 01 'a'"},
    {"", kMalformed, "A2 06 00 01 00 01 'a' 00"},
};

TEST(MqttDecoderTest, RefusesWhat311DoesNotAllow) {
  for (const Refused& c : kIn311) expect_refused(connected(Role::kServer, Version::k311), c);
}

const Refused kIn5[] = {
    {"MQTT-1.5.5-1", kMalformed, "C0 80 00"},
    {"MQTT-3.15.1-1", kMalformed, "F1 00"},
    // 2.2.2
    {"2.2.2.2", kMalformed, "30 05 00 01 'a' 01 7F"},
    {"2.2.2.2", kMalformed, "30 07 00 01 'a' 03 21 00 01"},
    {"2.2.2.2", kProtocol, "30 06 00 01 'a' 02 01 02"},
    {"2.2.2.2", kProtocol, "30 08 00 01 'a' 04 01 00 01 00"},
    {"", kMalformed, "30 05 00 01 'a' 01 01"},
    {"", kMalformed, "30 06 00 01 'a' 03 23 00"},
    {"", kMalformed, "30 06 00 01 'a' 02 23 00 01"},
    {"MQTT-1.5.5-1", kMalformed, "30 05 00 01 'a' 80 00"},
    {"1.5.5", kMalformed, "30 09 00 01 'a' 80 80 80 80 01 00"},
    // 3.3.2.3
    {"MQTT-3.3.2-8", Reason::kTopicAliasInvalid, "30 07 00 01 'a' 03 23 00 00"},
    {"MQTT-3.3.2-14", kProtocol, "30 08 00 01 'a' 04 08 00 01 '+'"},
    {"MQTT-4.7.3-1", kProtocol, "30 07 00 01 'a' 03 08 00 00"},
    {"MQTT-1.5.4-1", kMalformed, "30 08 00 01 'a' 04 03 00 01 FF"},
    {"MQTT-1.5.4-1", kMalformed, "30 0B 00 01 'a' 07 26 00 01 'k' 00 01 FF"},
    {"MQTT-3.3.4-6", kProtocol, "30 06 00 01 'a' 02 0B 01"},
    {"3.8.2.1.2", kProtocol, "30 06 00 01 'a' 02 0B 00"},
    // 3.4 to 3.7
    {"2.4", kProtocol, "40 03 00 01 01"},
    {"2.4", kProtocol, "62 03 00 01 80"},
    {"2.2.2.2", kMalformed, "40 09 00 01 00 05 11 00 00 00 01"},
    {"2.1.4", kMalformed, "40 05 00 01 00 00 00"},
    // 3.8
    {"MQTT-3.8.3-2", kProtocol, "82 03 00 01 00"},
    {"MQTT-3.8.3-5", kMalformed, "82 07 00 01 00 00 01 'a' 40"},
    {"MQTT-3.8.3-5", kMalformed, "82 07 00 01 00 00 01 'a' 80"},
    {"3.8.3.1", kProtocol, "82 07 00 01 00 00 01 'a' 03"},
    {"3.8.3.1", kProtocol, "82 07 00 01 00 00 01 'a' 30"},
    {"MQTT-3.8.3-4", kProtocol, "82 0F 00 01 00 00 09 '$share/g/' 04"},
    {"3.8.2.1.2", kProtocol, "82 09 00 01 02 0B 00 00 01 'a' 00"},
    {"3.8.2.1.2", kProtocol, "82 0B 00 01 04 0B 01 0B 02 00 01 'a' 00"},
    {"MQTT-1.5.5-1", kMalformed, "82 0A 00 01 03 0B 81 00 00 01 'a' 00"},
    // 3.10
    {"MQTT-3.10.3-2", kProtocol, "A2 03 00 01 00"},
    {"2.2.2.2", kMalformed, "A2 08 00 01 02 0B 01 00 01 'a'"},
    // 3.14
    {"MQTT-3.14.2-1", kProtocol, "E0 01 8B"},
    {"MQTT-3.14.2-1", kProtocol, "E0 01 01"},
    {"3.14.2.2.5", kProtocol, "E0 06 00 04 1C 00 01 's'"},
    {"2.2.2.2", kMalformed, "E0 05 00 03 21 00 01"},
    {"2.1.4", kMalformed, "E0 03 00 00 00"},
    // 3.15
    {"MQTT-3.15.2-1", kProtocol, "F0 00"},
    {"MQTT-3.15.2-1", kProtocol, "F0 02 87 00"},
    {"3.15.2.2.2", kProtocol, "F0 02 18 00"},
    {"", kMalformed, "F0 01 18"},
};

TEST(MqttDecoderTest, RefusesWhat5DoesNotAllow) {
  for (const Refused& c : kIn5) expect_refused(connected(Role::kServer, Version::k5), c);
}

const Refused kOfServers[] = {
    {"2.1.2", kProtocol, "10 0D 00 04 'MQTT' 04 02 00 00 00 01 'c'"},
    {"2.1.2", kProtocol, "82 07 00 01 00 00 01 'a' 00"},
    {"2.1.2", kProtocol, "C0 00"},
    {"MQTT-3.2.2-1", kMalformed, "20 03 02 00 00"},
    {"MQTT-3.2.2-6", kProtocol, "20 03 01 87 00"},
    {"MQTT-3.2.2-8", kProtocol, "20 03 00 01 00"},
    {"3.2.2.3.4", kProtocol, "20 05 00 00 02 24 02"},
    {"2.2.2.2", kProtocol, "20 05 00 00 02 25 02"},
    {"MQTT-3.9.3-1", kProtocol, "90 03 00 01 00"},
    {"MQTT-3.9.3-2", kProtocol, "90 04 00 01 00 03"},
    {"MQTT-3.11.3-1", kProtocol, "B0 03 00 01 00"},
    {"MQTT-3.11.3-2", kProtocol, "B0 04 00 01 00 01"},
    {"MQTT-3.14.2-1", kProtocol, "E0 01 04"},
    {"MQTT-3.14.2-2", kProtocol, "E0 07 00 05 11 00 00 00 09"},
    {"MQTT-3.15.2-1", kProtocol, "F0 02 19 00"},
};

TEST(MqttDecoderTest, RefusesWhatServersMustNotSend) {
  for (const Refused& c : kOfServers) expect_refused(connected(Role::kClient, Version::k5), c);
  const Decoder of_311 = connected(Role::kClient, Version::k311);
  expect_refused(of_311, {"2.1.2", kProtocol, "E0 00"});
  expect_refused(of_311, {"v3.1.1 3.2.2.3", kProtocol, "20 02 00 06"});
  expect_refused(of_311, {"v3.1.1 MQTT-3.9.3-2", kProtocol, "90 03 00 01 81"});
  expect_refused(of_311, {"2.1.4", kMalformed, "B0 03 00 01 00"});
}

TEST(MqttDecoderTest, RefusesALargePacketBeforeItHasCome) {
  const Refused announced = {"MQTT-3.2.2-15", Reason::kPacketTooLarge, "30 63"};
  expect_refused(connected(Role::kServer, Version::k5, 100), announced);
  const Decoded allowed = decode_whole(connected(Role::kServer, Version::k5, 100), bytes_of("30 62"));
  EXPECT_FALSE(allowed.error);
}

}  // namespace
}  // namespace inboxd::mqtt
