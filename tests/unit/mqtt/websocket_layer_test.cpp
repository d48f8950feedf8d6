#include "mqtt/websocket_layer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "mqtt/websocket_upgrade.hpp"

namespace inboxd::mqtt {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr unsigned kFin = 0x80;
constexpr unsigned kContinuation = 0;
constexpr unsigned kText = 1;
constexpr unsigned kBinary = 2;
constexpr unsigned kClose = 8;
constexpr unsigned kPing = 9;
constexpr unsigned kPong = 10;
constexpr std::uint64_t kLimit = 100'000;

const std::string kRequest =
    "GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: mqtt\r\n\r\n";

void append_number(std::string& bytes, std::uint64_t value, unsigned size) {
  for (unsigned shift = 8 * size; shift > 0; shift -= 8) {
    bytes += static_cast<char>(value >> (shift - 8) & 0xffU);
  }
}

/// A client's frame. `declared` is the length that it claims.
std::string frame(unsigned first, const std::string& payload, std::uint64_t declared) {
  const std::string mask = "\x11\x22\x33\x44";
  std::string bytes(1, static_cast<char>(first));
  if (declared < 126) {
    append_number(bytes, 0x80U | declared, 1);
  } else {
    append_number(bytes, declared < 65'536 ? 0xfeU : 0xffU, 1);
    append_number(bytes, declared, declared < 65'536 ? 2 : 8);
  }
  bytes += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) bytes += static_cast<char>(payload[i] ^ mask[i % 4]);
  return bytes;
}
std::string frame(unsigned first, const std::string& payload) {
  return frame(first, payload, payload.size());
}

std::string server_frame(unsigned opcode, const std::string& payload) {
  return std::string{static_cast<char>(kFin | opcode), static_cast<char>(payload.size())} + payload;
}
std::string closing(unsigned code) {
  std::string payload;
  append_number(payload, code, 2);
  return server_frame(kClose, payload);
}

struct Outcome {
  std::string received;
  std::string reply;
  Layer::State state;
};

/// What a layer makes of the bytes after its upgrade, in pieces of at most `step`.
Outcome feed(const std::string& bytes, std::size_t step = std::string::npos) {
  WebSocketLayer layer(kLimit);
  Outcome outcome{};
  std::string upgraded;
  std::string request = kRequest;
  layer.decode(request, upgraded);
  for (std::size_t at = 0; at < bytes.size(); at += std::min(step, bytes.size() - at)) {
    std::string piece = bytes.substr(at, step);
    const auto decoded = layer.decode(piece, outcome.reply);
    outcome.received.append(decoded.data(), decoded.size());
  }
  outcome.state = layer.state();
  return outcome;
}

TEST(WebSocketLayerTest, AnswersTheSampleOfTheStandard) {
  const UpgradeAnswer answer = answer_upgrade(kRequest);
  EXPECT_TRUE(answer.accepted);
  EXPECT_THAT(answer.response, StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(answer.response, HasSubstr("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_THAT(answer.response, HasSubstr("\r\nSec-WebSocket-Protocol: mqtt\r\n"));
}

TEST(WebSocketLayerTest, RefusesUpgradesThatAreNone) {
  const auto status_without = [](const std::string& part, const std::string& instead = {}) {
    std::string request = kRequest;
    request.replace(request.find(part), part.size(), instead);
    const UpgradeAnswer answer = answer_upgrade(request);
    EXPECT_FALSE(answer.accepted);
    return answer.response.substr(9, 3);
  };
  EXPECT_EQ(status_without("/mqtt", "/mqtt/"), "404");
  EXPECT_EQ(status_without("GET", "POST"), "426");
  EXPECT_EQ(status_without("Upgrade: websocket\r\n"), "426");
  EXPECT_EQ(status_without(", Upgrade"), "426");
  EXPECT_EQ(status_without("Version: 13", "Version: 8"), "426");
  EXPECT_EQ(status_without("dGhlIHNhbXBsZSBub25jZQ==", "short=="), "400");
  EXPECT_EQ(status_without("Host: localhost\r\n"), "400");
  EXPECT_EQ(status_without("Protocol: mqtt", "Protocol: mqttish"), "400");
  EXPECT_EQ(status_without("HTTP/1.1", "HTTP/x"), "400");
}

TEST(WebSocketLayerTest, TakesTheUpgradeInPiecesAndWhatFollowsIt) {
  WebSocketLayer layer(kLimit);
  std::string reply;
  const std::string all = kRequest + frame(kFin | kBinary, "hello");
  std::string received;
  for (std::size_t at = 0; at < all.size(); at += 7) {
    std::string piece = all.substr(at, 7);
    const auto decoded = layer.decode(piece, reply);
    received.append(decoded.data(), decoded.size());
  }
  EXPECT_EQ(received, "hello");
}

TEST(WebSocketLayerTest, JoinsFramesHoweverTheyAreCut) {
  const std::string long_payload(70'000, 'z');
  const std::string bytes = frame(kFin | kBinary, "one") + frame(kBinary, "two") + frame(kFin | kPing, "p") +
                            frame(kContinuation, std::string(200, 'y')) + frame(kFin | kContinuation, "") +
                            frame(kFin | kPong, "q") + frame(kFin | kBinary, long_payload);
  const std::string expected = "onetwo" + std::string(200, 'y') + long_payload;
  for (const std::size_t step : {std::string::npos, std::size_t{1}, std::size_t{3}, std::size_t{4096}}) {
    const Outcome outcome = feed(bytes, step);
    EXPECT_EQ(outcome.received, expected);
    EXPECT_EQ(outcome.reply, server_frame(kPong, "p"));
    EXPECT_EQ(outcome.state, Layer::State::kOpen);
  }
}

TEST(WebSocketLayerTest, ClosesOverWhatIsNotAllowed) {
  struct Case {
    const char* what;
    std::string bytes;
    unsigned code;
  };
  std::string unmasked = frame(kFin | kBinary, "");
  unmasked[1] = 0;
  std::string long_form = "\x82\xfe";
  append_number(long_form, 5, 2);
  std::string longest_form = "\x82\xff";
  append_number(longest_form, 65'535, 8);
  const std::vector<Case> cases{
      {"text", frame(kFin | kText, "hello"), 1003},
      {"an extension's bit", frame(kFin | 0x40 | kBinary, "x"), 1002},
      {"a reserved opcode", frame(kFin | 3, "x"), 1002},
      {"a reserved control opcode", frame(kFin | 11, "x"), 1002},
      {"no mask", unmasked, 1002},
      {"a continuation of nothing", frame(kFin | kContinuation, "x"), 1002},
      {"a message within a message", frame(kBinary, "x") + frame(kFin | kBinary, "x"), 1002},
      {"a ping in parts", frame(kPing, "x"), 1002},
      {"a long ping", frame(kFin | kPing, std::string(126, 'x')), 1002},
      {"five bytes in 16 bits", long_form + "mask.....", 1002},
      {"16 bits in 64", longest_form + "mask", 1002},
      {"the highest bit", frame(kFin | kBinary, "", std::uint64_t{1} << 63U), 1002},
      {"a long message", frame(kFin | kBinary, "", kLimit + 1), 1009},
      {"a long message in parts", frame(kBinary, "x") + frame(kContinuation, "", kLimit), 1009},
      {"half a close code", frame(kFin | kClose, "\x03"), 1002},
      {"a close code of nobody's", frame(kFin | kClose, "\x03\xed"), 1002},
  };
  for (const Case& one : cases) {
    for (const std::size_t step : {std::string::npos, std::size_t{1}}) {
      const Outcome outcome = feed(one.bytes, step);
      EXPECT_EQ(outcome.reply, closing(one.code)) << one.what;
      EXPECT_EQ(outcome.state, Layer::State::kFailed) << one.what;
    }
  }
}

TEST(WebSocketLayerTest, AnswersACloseAndReadsNoFurther) {
  const Outcome outcome =
      feed(frame(kFin | kBinary, "last") + frame(kFin | kClose, "\x03\xe8why") + frame(kFin | kBinary, "x"));
  EXPECT_EQ(outcome.received, "last");
  EXPECT_EQ(outcome.reply, closing(1000));
  EXPECT_EQ(outcome.state, Layer::State::kEnded);
  EXPECT_EQ(feed(frame(kFin | kClose, "")).reply, server_frame(kClose, ""));
}

TEST(WebSocketLayerTest, AnswersPingsThatComeTogetherOnce) {
  std::string pings;
  for (int i = 0; i < 100; ++i) pings += frame(kFin | kPing, "p");
  EXPECT_EQ(feed(pings).reply, server_frame(kPong, "p"));
}

TEST(WebSocketLayerTest, SendsFramesThatReceiversCanHold) {
  WebSocketLayer layer(kLimit);
  std::string output;
  layer.encode(std::string(70'000, 'x'), output);
  EXPECT_EQ(output.substr(0, 4), "\x82\x7e\xff\xff");
  EXPECT_EQ(output.substr(4 + 65'535, 4), "\x82\x7e\x11\x71");
  EXPECT_EQ(output.size(), 70'000U + 8);
}

}  // namespace
}  // namespace inboxd::mqtt
