#include "engine/transaction.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <memory>

#include "store/memory_store.hpp"

namespace inboxd {
namespace {

using ::testing::ElementsAre;

const AppId kApp{"tilechat"};
const PartyId kAlice{"alice"};
const PartyId kBob{"bob"};
const TimelineKey kBobs{kApp, kBob, kAlice};
constexpr Millis kNow = 1'000;
constexpr Millis kLater = 2'000;

StoredMessage message_named(const std::string& id) {
  return {
      .id = MessageId{id}, .app = kApp, .sender = kAlice, .recipient = kBob, .timestamp = kNow, .json = "{}"};
}

TimelineRow row_of(const std::string& id, Status status) {
  return {.timeline = kBobs, .timestamp = kNow, .message = MessageId{id}, .status = status};
}

ConversationRow conversation_at(const std::string& id) {
  return {.key = kBobs, .last_message = MessageId{id}, .timestamp = kNow};
}

IdempotencyRow named(const std::string& temp_uid, const std::string& id) {
  return {{kApp, kAlice, kBob, temp_uid}, MessageId{id}, kLater};
}

PublicationRow published_as(const std::string& id) {
  return {.client_id = "phone", .packet_id = 7, .app = kApp, .message = MessageId{id}, .expires_at = kLater};
}

void write_message(Transaction& transaction, const std::string& id) {
  transaction.put(message_named(id));
  transaction.put(row_of(id, Status::kDelivered));
  transaction.put(conversation_at(id));
  transaction.put(named("uid-" + id, id));
  transaction.put(published_as(id));
}

/// What is asked for the message of that id, and for what all of them share.
struct Answers {
  bool message = false;
  bool row = false;
  bool named = false;
  std::string last_message;
  std::string publication;

  friend bool operator==(const Answers&, const Answers&) = default;
};

Answers ask(const Transaction& transaction, const std::string& id) {
  const auto conversation = transaction.conversation(kBobs);
  const auto publication = transaction.publication("phone", 7, kNow);
  return {.message = transaction.message(kApp, MessageId{id}).has_value(),
          .row = transaction.row(row_of(id, Status::kSent)).has_value(),
          .named = transaction.idempotent({kApp, kAlice, kBob, "uid-" + id}, kNow) == MessageId{id},
          .last_message = conversation ? conversation->last_message.str() : "",
          .publication = publication ? publication->message.str() : ""};
}

class TransactionTest : public ::testing::Test {
 protected:
  store::MemoryStore store;
};

TEST_F(TransactionTest, ItsOwnWritesStandBeforeThoseThatItIsBuiltOnAndThoseBeforeTheStore) {
  Transaction oldest(store);
  write_message(oldest, "m1");
  store.commit(oldest.seal());
  Transaction base(store);
  write_message(base, "m2");
  base.seal();
  Transaction next(store, &base);
  write_message(next, "m3");

  EXPECT_EQ(ask(base, "m1"), (Answers{true, true, true, "m2", "m2"}));
  EXPECT_EQ(ask(base, "m3"), (Answers{false, false, false, "m2", "m2"}));
  for (const char* id : {"m1", "m2", "m3"}) {
    EXPECT_EQ(ask(next, id), (Answers{true, true, true, "m3", "m3"})) << id;
  }
  EXPECT_EQ(ask(next, "m4"), (Answers{false, false, false, "m3", "m3"}));
}

TEST_F(TransactionTest, WithoutWritesOfItsOwnItShowsWhatItIsBuiltOn) {
  Transaction base(store);
  write_message(base, "m1");
  base.seal();
  const Transaction next(store, &base);
  EXPECT_EQ(ask(next, "m1"), (Answers{true, true, true, "m1", "m1"}));
}

TEST_F(TransactionTest, OnceItsBaseIsCommittedTheStoreSaysIt) {
  auto base = std::make_unique<Transaction>(store);
  write_message(*base, "m1");
  Transaction next(store, base.get());
  store.commit(base->seal());
  next.base_committed();
  base.reset();
  EXPECT_EQ(ask(next, "m1"), (Answers{true, true, true, "m1", "m1"}));
}

TEST_F(TransactionTest, WhatIsInTheStoreAndOnItsWayThereIsFoundOnce) {
  Transaction base(store);
  write_message(base, "m1");
  store.commit(base.seal());
  const Transaction next(store, &base);
  EXPECT_THAT(next.idempotent_to(kApp, kBob, "uid-m1", kNow), ElementsAre(MessageId{"m1"}));
}

TEST_F(TransactionTest, AMessageIsFoundAsItWasWrittenLast) {
  Transaction transaction(store);
  for (const char* json : {"{}", R"({"text":"anew"})"}) {
    StoredMessage message = message_named("m1");
    message.json = json;
    transaction.put(message);
    EXPECT_EQ(transaction.message(kApp, message.id)->json, json) << "asked for in between";
  }
}

TEST_F(TransactionTest, AConversationIsWrittenOnceAsItWasLast) {
  Transaction transaction(store);
  transaction.put(conversation_at("m1"));
  transaction.put(conversation_at("m2"));
  EXPECT_THAT(transaction.seal().conversations, ElementsAre(conversation_at("m2")));
}

TEST_F(TransactionTest, IsBuiltOnWhereItHoldsMessagesAlone) {
  Transaction messages(store);
  write_message(messages, "m1");
  messages.put(ArrivalRow{1, kBobs, kNow, MessageId{"m1"}});
  messages.put(OutboxRow{.sequence = 2, .endpoint = "http://hook"});
  messages.put(FingerprintRow{3, {}, kApp, MessageId{"m1"}});
  messages.publish({"key", std::make_shared<const std::string>("{}")});
  EXPECT_TRUE(messages.may_be_built_on());

  const std::vector<std::pair<const char*, std::function<void(Transaction&)>>> others = {
      {"a group",
       [](Transaction& t) { t.put(std::make_shared<const Group>(Group{.id = PartyId{"group-1"}})); }},
      {"a fan-out job", [](Transaction& t) { t.put(FanoutJob{}); }},
      {"a block",
       [](Transaction& t) {
         t.put(BlockRow{kApp, kBob, kAlice, kNow});
       }},
      {"the end of a block",
       [](Transaction& t) {
         t.remove(BlockRow{kApp, kBob, kAlice, kNow});
       }},
      {"a ban", [](Transaction& t) { t.put(BanRow{.app = kApp, .user = kBob}); }},
      {"presence",
       [](Transaction& t) {
         t.put(kApp, kBob, {.put = {{kApp, kBob, "phone", kNow}}});
       }},
      {"a dead letter", [](Transaction& t) { t.put(DeadLetter{.id = "d"}); }},
      {"the end of a dead letter", [](Transaction& t) { t.remove_dead_letter("d"); }},
  };
  for (const auto& [what, write] : others) {
    Transaction transaction(store);
    write(transaction);
    EXPECT_FALSE(transaction.may_be_built_on()) << what;
  }
}

}  // namespace
}  // namespace inboxd
