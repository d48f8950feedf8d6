#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>

#include "crashing_store.hpp"
#include "engine/session_worker.hpp"
#include "engine_fixture.hpp"

namespace inboxd {
namespace {

using testing::CrashingStore;
using ::testing::ElementsAreArray;
using ::testing::SizeIs;

/// The process is gone: nothing that was in memory is left.
struct Killed {};

/// How batches are worked off.
enum class Work {
  kOneAfterTheOther,
  kWhileTheNextIsDecided,  ///< each is committed while the next one is decided
  kInTurnsThatAreLent,     ///< by whoever brings them (BrokerSession::lend())
};

/// Promise 2: kill the engine at any instant, and nothing is lost, no second row, no second id.
class CrashRun : public testing::EngineHarness {
 public:
  explicit CrashRun(Work work) {
    settings.events.endpoints = {"http://hook"};
    settings.events.wanted.fill(true);
    broker.takes_turns = work == Work::kInTurnsThatAreLent;
    if (work != Work::kWhileTheNextIsDecided) return;
    settings.overlap_from = 1;
    settings.max_batch = 3;
  }

  /// Runs to the end, killed at each operation for which `kills` says so; returns how many operations there
  /// were.
  int run_with_kills(const std::function<bool(int)>& kills) {
    int operation = 0;
    bool dead = false;
    std::mutex mutex;  // commits may come from another thread
    broker.on_operation = [&] {
      const std::lock_guard lock(mutex);
      dead = dead || kills(++operation);
      if (dead) throw Killed{};
    };
    CrashingStore crashing(store, broker.on_operation);
    for (;;) {
      dead = false;
      try {
        Engine engine(settings, {broker, crashing, clock, entropy, log, probe});
        broker.on_idle = [&] { stop_when_done(engine); };
        engine.run();
        return operation;
      } catch (const Killed&) {
        clock.advance(std::chrono::milliseconds(3));
      }
    }
  }

  /// One process throughout; the store's operation of that number, if it is one, reports a failure.
  void run_with_store_failure(int at) {
    int operation = 0;
    std::mutex mutex;
    std::function<void()> fail = [&] {
      const std::lock_guard lock(mutex);
      if (++operation == at) throw StoreError(StoreError::Kind::kIo, "the disk had a bad day");
    };
    broker.on_operation = [&] {
      const std::lock_guard lock(mutex);
      ++operation;
    };
    CrashingStore failing(store, fail);
    Engine engine(settings, {broker, failing, clock, entropy, log, probe});
    broker.on_idle = [&] { stop_when_done(engine); };
    engine.run();
  }

  /// The same where something is read; whether it came to that.
  bool run_with_read_failure(int at) {
    int reads = 0;
    std::mutex mutex;
    std::function<void()> none = [] {};
    CrashingStore failing(store, none);
    failing.on_read = [&] {
      const std::lock_guard lock(mutex);
      if (++reads == at) throw StoreError(StoreError::Kind::kIo, "the disk had a bad day");
    };
    Engine engine(settings, {broker, failing, clock, entropy, log, probe});
    broker.on_idle = [&] { stop_when_done(engine); };
    engine.run();
    return reads >= at;
  }

  /// One process throughout; the link breaks at the operation of that number, if it is the broker's.
  void run_with_lost_link(int at) {
    int operation = 0;
    std::mutex mutex;
    std::function<void()> count = [&] {
      const std::lock_guard lock(mutex);
      ++operation;
    };
    broker.on_operation = [&] {
      const std::lock_guard lock(mutex);
      if (++operation == at) throw SessionEnded{{BrokerError::Kind::kLost, "the cable was pulled"}};
    };
    CrashingStore counting(store, count);
    Engine engine(settings, {broker, counting, clock, entropy, log, probe});
    broker.on_idle = [&] { stop_when_done(engine); };
    engine.run();
  }

  void send_everything() {
    std::string members;
    for (int i = 0; i < 10; ++i) members += "\"m" + std::to_string(i) + "\":1,";
    members.pop_back();
    broker.send("apps.observer.tilechat.groups.update",
                R"({"group":{"uid":"group-big","members":{)" + members + "}}}");
    for (int i = 0; i < 6; ++i) {
      const std::string n = std::to_string(i);
      chat("alice", "bob", R"({"text":"plain)" + n + "\"}");
      chat("alice", "bob", R"({"text":"named)" + n + R"(","attributes":{"tempUID":"u)" + n + "\"}}");
      chat("carol", "group-s", R"({"text":"small)" + n + R"(","group":{"members":{"bob":1,"dave":1}}})");
      if (i % 3 == 0) chat("m0", "group-big", R"({"text":"big)" + n + "\"}");
      broker.send("apps.tilechat.users.bob.messages.alice.u" + n + ".update", R"({"status":200})");
    }
  }

  static std::vector<std::string> texts(std::initializer_list<const char*> kinds,
                                        std::initializer_list<int> numbers) {
    std::vector<std::string> all;
    for (const int n : numbers) {
      for (const char* kind : kinds) all.push_back("\"" + (kind + std::to_string(n)) + "\"");
    }
    return all;
  }

  std::vector<std::string> stored_texts(const std::string& owner, const std::string& peer) const {
    std::vector<std::string> found;
    for (const TimelineEntry& entry : timeline(owner, peer)) {
      found.emplace_back(*json::parse_object(entry.message.json)->find("text"));
    }
    return found;
  }

  /// What an inbox got on the wire of one conversation, each message once, in the order of first arrival;
  /// fails where a message came under two ids.
  std::vector<std::string> first_arrivals(const std::string& inbox, const std::string& peer) const {
    std::vector<std::string> order;
    std::map<std::string, std::string> ids;
    for (const auto& [key, payload] : broker.published) {
      if (key != "apps.tilechat.users." + inbox + ".messages." + peer + ".clientadded") continue;
      const auto object = json::parse_object(payload);
      const std::string text(*object->find("text"));
      const std::string id(*object->find("message_id"));
      const auto [known, fresh] = ids.emplace(text, id);
      EXPECT_EQ(known->second, id) << text << " was delivered under two ids";
      if (fresh) order.push_back(text);
    }
    return order;
  }

  void expect_inbox(const std::string& owner, const std::string& peer,
                    const std::vector<std::string>& expected) const {
    EXPECT_THAT(stored_texts(owner, peer), ElementsAreArray(expected)) << owner << " with " << peer;
    EXPECT_THAT(first_arrivals(owner, peer), ElementsAreArray(expected)) << owner << " with " << peer;
  }

  void expect_everything_once() const {
    const auto direct = texts({"plain", "named"}, {0, 1, 2, 3, 4, 5});
    expect_inbox("alice", "bob", direct);
    expect_inbox("bob", "alice", direct);
    const auto small = texts({"small"}, {0, 1, 2, 3, 4, 5});
    for (const char* member : {"group-s", "carol", "bob", "dave"}) expect_inbox(member, "group-s", small);
    const auto big = texts({"big"}, {0, 3});
    expect_inbox("group-big", "group-big", big);
    for (int i = 0; i < 10; ++i) expect_inbox("m" + std::to_string(i), "group-big", big);
    EXPECT_THAT(store.jobs(), SizeIs(0));
    EXPECT_TRUE(broker.waiting.empty());
    expect_every_receipt();
    expect_every_event_once();
    EXPECT_THAT(store.arrivals(AppId{"tilechat"}, PartyId{"bob"}, 0, 1'000).entries, SizeIs(18));
  }

  /// Told under both ids, at least once.
  void expect_every_receipt() const {
    for (int i = 0; i < 6; ++i) {
      const std::string topic =
          "apps.tilechat.users.alice.messages.bob.u" + std::to_string(i) + ".clientupdated";
      EXPECT_TRUE(std::any_of(broker.published.begin(), broker.published.end(), [&](const auto& publication) {
        return publication.first == topic;
      })) << topic;
    }
    for (const TimelineEntry& entry : timeline("alice", "bob")) {
      const bool named = entry.message.json.find("named") != std::string::npos;
      EXPECT_EQ(entry.row.status, named ? Status::kReturnReceipt : Status::kSent);
    }
  }

  /// Events are in the commit of what they tell of: as many as there are rows, whatever was killed.
  void expect_every_event_once() const {
    std::map<std::string, int> counts;
    for (const OutboxRow& row : store.outbox("http://hook", 0, 10'000)) {
      ++counts[std::string(*json::parse_object(row.body)->find("event_type"))];
    }
    const std::map<std::string, int> expected = {{"\"message-sent\"", 12 + 6 + 2},
                                                 {"\"message-delivered\"", 12 + 6 * 3 + 2 * 10},
                                                 {"\"message-received\"", 6},
                                                 {"\"message-return-receipt\"", 6}};
    EXPECT_EQ(counts, expected);
  }
};

class CrashTest : public ::testing::TestWithParam<Work> {};

TEST_P(CrashTest, WithoutAnyCrash) {
  CrashRun run(GetParam());
  run.send_everything();
  run.run_with_kills([](int) { return false; });
  run.expect_everything_once();
}

int operations_of_a_run(Work work) {
  CrashRun run(work);
  run.send_everything();
  return run.run_with_kills([](int) { return false; });
}

/// Runs once for each operation that there is in a run, with `accident` at it.
void at_every_operation(Work work, const std::function<void(CrashRun&, int)>& accident) {
  const int operations = operations_of_a_run(work);
  ASSERT_GT(operations, 100);
  for (int at = 1; at <= operations && !::testing::Test::HasFailure(); ++at) {
    SCOPED_TRACE("at operation " + std::to_string(at));
    CrashRun run(work);
    run.send_everything();
    accident(run, at);
    run.expect_everything_once();
  }
}

TEST_P(CrashTest, KilledAtEveryOperation) {
  at_every_operation(GetParam(), [](CrashRun& run, int at) {
    run.run_with_kills([at](int operation) { return operation == at; });
  });
}

/// A commit that fails may have been written all the same; the engine lives on and must not believe
/// otherwise.
TEST_P(CrashTest, TheStoreFailsAtEveryCommitBeforeOrAfterWriting) {
  at_every_operation(GetParam(), [](CrashRun& run, int at) { run.run_with_store_failure(at); });
}

/// In the midst of a message, some of whose rows are in the batch already.
TEST_P(CrashTest, TheStoreFailsAtEveryRead) {
  int reads = 0;
  for (bool failed = true; failed && !::testing::Test::HasFailure();) {
    SCOPED_TRACE("at read " + std::to_string(++reads));
    CrashRun run(GetParam());
    run.send_everything();
    failed = run.run_with_read_failure(reads);
    run.expect_everything_once();
  }
  EXPECT_GT(reads, 40);
}

TEST_P(CrashTest, TheLinkBreaksAtEveryOperation) {
  at_every_operation(GetParam(), [](CrashRun& run, int at) { run.run_with_lost_link(at); });
}

TEST_P(CrashTest, KilledAgainAndAgain) {
  for (unsigned seed = 1; seed <= 100 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    // Seldom enough that a run comes to its end.
    std::bernoulli_distribution kill(1.0 / (20 + seed % 100));
    CrashRun run(GetParam());
    run.broker.prefetch = 1 + seed % 40;
    run.send_everything();
    run.run_with_kills([&](int) { return kill(random); });
    run.expect_everything_once();
  }
}

std::string name_of(const ::testing::TestParamInfo<Work>& test) {
  constexpr const char* kNames[] = {"OneAfterTheOther", "WhileTheNextIsDecided", "InTurnsThatAreLent"};
  return kNames[static_cast<int>(test.param)];
}

INSTANTIATE_TEST_SUITE_P(Commits, CrashTest,
                         ::testing::Values(Work::kOneAfterTheOther, Work::kWhileTheNextIsDecided,
                                           Work::kInTurnsThatAreLent),
                         name_of);

}  // namespace
}  // namespace inboxd
