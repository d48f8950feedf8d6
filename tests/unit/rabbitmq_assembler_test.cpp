#include <gtest/gtest.h>

#include <string>

#include "rabbitmq/assembler.hpp"
#include "rabbitmq/errors.hpp"

namespace inboxd::rabbitmq {
namespace {

using Progress = DeliveryAssembler::Progress;

amqp_basic_deliver_t method(std::uint64_t tag, std::string_view consumer) {
  amqp_basic_deliver_t deliver{};
  deliver.delivery_tag = tag;
  deliver.consumer_tag = to_bytes(consumer);
  deliver.exchange = to_bytes("amq.topic");
  deliver.routing_key = to_bytes("a.b");
  return deliver;
}

amqp_frame_t header(std::uint64_t size, amqp_basic_properties_t& properties) {
  amqp_frame_t frame{};
  frame.frame_type = AMQP_FRAME_HEADER;
  frame.payload.properties.class_id = AMQP_BASIC_CLASS;
  frame.payload.properties.body_size = size;
  frame.payload.properties.decoded = &properties;
  return frame;
}

amqp_frame_t body(std::string_view bytes) {
  amqp_frame_t frame{};
  frame.frame_type = AMQP_FRAME_BODY;
  frame.payload.body_fragment = to_bytes(bytes);
  return frame;
}

TEST(DeliveryAssembler, PutsFramesTogether) {
  DeliveryAssembler assembler(100);
  amqp_basic_properties_t properties{};
  EXPECT_EQ(assembler.begin(method(7, "persist")), Progress::kMore);
  EXPECT_EQ(assembler.header(header(6, properties)), Progress::kMore);
  EXPECT_EQ(assembler.body(body("abc")), Progress::kMore);
  EXPECT_EQ(assembler.body(body("def")), Progress::kComplete);
  const Delivery delivery = assembler.take();
  EXPECT_EQ(delivery.tag, 7U);
  EXPECT_EQ(delivery.queue, Queue::kPersist);
  EXPECT_EQ(delivery.exchange, "amq.topic");
  EXPECT_EQ(delivery.routing_key, "a.b");
  EXPECT_EQ(delivery.payload, "abcdef");
  EXPECT_EQ(delivery.payload_bytes, 6U);
  EXPECT_EQ(delivery.replay_of, "");
}

TEST(DeliveryAssembler, NeedsNoBody) {
  DeliveryAssembler assembler(100);
  amqp_basic_properties_t properties{};
  EXPECT_EQ(assembler.begin(method(1, "messages")), Progress::kMore);
  EXPECT_EQ(assembler.header(header(0, properties)), Progress::kComplete);
  EXPECT_EQ(assembler.take().payload, "");
  EXPECT_EQ(assembler.begin(method(2, "messages")), Progress::kMore);
}

TEST(DeliveryAssembler, DropsAndCountsWhatIsBeyondTheLimit) {
  DeliveryAssembler assembler(4);
  amqp_basic_properties_t properties{};
  assembler.begin(method(1, "messages"));
  EXPECT_EQ(assembler.header(header(9, properties)), Progress::kMore);
  EXPECT_EQ(assembler.body(body("abc")), Progress::kMore);
  EXPECT_EQ(assembler.body(body("def")), Progress::kMore);
  EXPECT_EQ(assembler.body(body("ghi")), Progress::kComplete);
  const Delivery delivery = assembler.take();
  EXPECT_EQ(delivery.payload, "abcd");
  EXPECT_EQ(delivery.payload_bytes, 9U);
}

TEST(DeliveryAssembler, TellsWhatTheBrokerMovedHereFromAnotherQueue) {
  for (const char* key : {"x-death", "x-other"}) {
    DeliveryAssembler assembler(10);
    amqp_table_entry_t entry{};
    entry.key = to_bytes(key);
    entry.value.kind = AMQP_FIELD_KIND_ARRAY;
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_HEADERS_FLAG;
    properties.headers = {1, &entry};
    assembler.begin(method(1, "messages"));
    assembler.header(header(0, properties));
    EXPECT_EQ(assembler.take().rerouted, std::string_view(key) == "x-death");
  }
}

TEST(DeliveryAssembler, ReadsTheReplayHeaderAmongOthers) {
  DeliveryAssembler assembler(10);
  amqp_table_entry_t entries[2]{};
  entries[0].key = to_bytes("other");
  entries[0].value.kind = AMQP_FIELD_KIND_I32;
  entries[1].key = to_bytes(kReplayHeader);
  entries[1].value.kind = AMQP_FIELD_KIND_UTF8;
  entries[1].value.value.bytes = to_bytes("dead-1");
  amqp_basic_properties_t properties{};
  properties.headers = {2, entries};
  assembler.begin(method(1, "messages"));
  EXPECT_EQ(assembler.header(header(0, properties)), Progress::kComplete);
  EXPECT_EQ(assembler.take().replay_of, "") << "the flag says that there are no headers";

  properties._flags = AMQP_BASIC_HEADERS_FLAG;
  assembler.begin(method(2, "messages"));
  assembler.header(header(0, properties));
  EXPECT_EQ(assembler.take().replay_of, "dead-1");

  entries[1].value.kind = AMQP_FIELD_KIND_I64;
  assembler.begin(method(3, "messages"));
  assembler.header(header(0, properties));
  EXPECT_EQ(assembler.take().replay_of, "") << "not a string";
}

TEST(DeliveryAssembler, RefusesFramesOutOfPlace) {
  amqp_basic_properties_t properties{};
  DeliveryAssembler assembler(10);
  EXPECT_EQ(assembler.header(header(1, properties)), Progress::kOutOfPlace);
  EXPECT_EQ(assembler.body(body("a")), Progress::kOutOfPlace);
  assembler.begin(method(1, "messages"));
  EXPECT_EQ(assembler.begin(method(2, "messages")), Progress::kOutOfPlace);
  EXPECT_EQ(assembler.body(body("a")), Progress::kOutOfPlace);
  assembler.header(header(1, properties));
  EXPECT_EQ(assembler.body(body("ab")), Progress::kOutOfPlace) << "more than announced";
}

}  // namespace
}  // namespace inboxd::rabbitmq
