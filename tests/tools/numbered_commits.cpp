#include "tools/numbered_commits.hpp"

#include <stdexcept>
#include <string>

namespace inboxd::test {
namespace {

const AppId test_app{"tilechat"};
const PartyId alice{"alice"};
const PartyId bob{"bob"};

MessageId id_of(std::uint64_t number) { return MessageId("m" + std::to_string(number)); }
IdempotencyKey key_of(std::uint64_t number) { return {test_app, alice, bob, "t" + std::to_string(number)}; }

StoredMessage message_of(std::uint64_t number) {
  StoredMessage message;
  message.id = id_of(number);
  message.app = test_app;
  message.sender = alice;
  message.recipient = bob;
  message.timestamp = static_cast<Millis>(number);
  message.json = R"({"text":")" + std::string(200, 'x') + R"("})";
  return message;
}

void add_copy(Commit& commit, const TimelineKey& timeline, Millis timestamp, const MessageId& id) {
  TimelineRow row;
  row.timeline = timeline;
  row.timestamp = timestamp;
  row.message = id;
  commit.rows.push_back(row);
  ConversationRow conversation;
  conversation.key = timeline;
  conversation.timestamp = timestamp;
  conversation.last_message = id;
  commit.conversations.push_back(conversation);
}

void check(bool condition, std::uint64_t number) {
  if (!condition) throw std::logic_error("message " + std::to_string(number) + " is there in part");
}

void check_whole(const Store& store, std::uint64_t number) {
  const auto id = id_of(number);
  const auto timestamp = static_cast<Millis>(number);
  check(store.message(test_app, id) == message_of(number), number);
  check(store.row({test_app, alice, bob}, timestamp, id).has_value(), number);
  check(store.row({test_app, bob, alice}, timestamp, id).has_value(), number);
  check(store.idempotent(key_of(number), 0) == id, number);
}

void check_last(const Store& store, std::uint64_t number) {
  for (const auto& owner : {alice, bob}) {
    const auto listing = store.conversations(test_app, owner, false, 10);
    check(listing.size() == 1 && listing[0].row.last_message == id_of(number), number);
  }
  const auto fingerprints = store.fingerprints();
  check(fingerprints.size() == 1 && fingerprints[0].sequence == number, number);
}

}  // namespace

Commit numbered_commit(std::uint64_t number) {
  const auto id = id_of(number);
  const auto timestamp = static_cast<Millis>(number);
  Commit commit;
  commit.messages.push_back(message_of(number));
  add_copy(commit, {test_app, alice, bob}, timestamp, id);
  add_copy(commit, {test_app, bob, alice}, timestamp, id);
  commit.idempotency.push_back({key_of(number), id, timestamp + 1'000'000});
  commit.fingerprints.push_back({number, {number, number}, test_app, id});
  if (number > 1) commit.forgotten_fingerprints.push_back(number - 1);
  return commit;
}

std::uint64_t count_numbered(const Store& store) {
  std::uint64_t count = 0;
  while (store.message(test_app, id_of(count + 1))) check_whole(store, ++count);
  TimelinePage all;
  all.limit = count + 1;
  for (const auto& timeline : {TimelineKey{test_app, alice, bob}, TimelineKey{test_app, bob, alice}}) {
    if (store.timeline(timeline, all).size() != count) throw std::logic_error("there is a gap");
  }
  if (count > 0) check_last(store, count);
  return count;
}

}  // namespace inboxd::test
