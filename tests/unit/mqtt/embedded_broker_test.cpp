#include "mqtt/embedded_broker.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/json.hpp"
#include "engine/bindings.hpp"
#include "engine/engine.hpp"
#include "no_probe.hpp"
#include "store/memory_session_store.hpp"
#include "store/memory_store.hpp"
#include "support/fakes.hpp"

/// The engine with a broker of its own, on threads as the program has them; clients are what connections make
/// of them.
namespace inboxd::mqtt {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

/// On whose threads commits were made.
class Committers final : public CommitListener {
 public:
  void committed(const Commit&) noexcept override {
    const std::lock_guard lock(mutex_);
    threads_.insert(std::this_thread::get_id());
  }
  std::set<std::thread::id> threads() const {
    const std::lock_guard lock(mutex_);
    return threads_;
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::thread::id> threads_;
};

/// The texts of messages that reached a user, in order.
class Inbox final : public EventReceiver {
 public:
  void take(Event&& event) override {
    const auto* const outgoing = std::get_if<Outgoing>(&event.what);
    if (outgoing == nullptr || !outgoing->message->topic.ends_with("/clientadded")) return;
    const auto object = json::parse_object(*outgoing->message->payload);
    const std::lock_guard lock(mutex_);
    texts_.emplace_back(object->find("text").value_or("absent"));
    changed_.notify_all();
  }
  void room() override {}
  void leave(std::chrono::steady_clock::time_point) override {}

  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(30), [&] { return texts_.size() >= count; });
  }
  std::vector<std::string> texts() const {
    const std::lock_guard lock(mutex_);
    return texts_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> texts_;
};

class EmbeddedBrokerTest : public ::testing::Test {
 protected:
  EmbeddedBrokerTest() {
    threads_.run(0, [this] { io_threads_.insert(std::this_thread::get_id()); });
    threads_.run(1, [this] { io_threads_.insert(std::this_thread::get_id()); });
  }
  ~EmbeddedBrokerTest() override {
    stop();
    threads_.stop();
  }

  void stop() {
    if (!worker_.joinable()) return;
    engine_.stop(clock_.steady() + seconds(1));
    worker_.join();
  }

  /// A client of that I/O thread, which listens to its inbox.
  ConnectionId connect(const std::string& user, std::uint32_t thread, Inbox& inbox) {
    const ConnectionId id{++connections_, thread};
    threads_.run(thread, [&] { switchboard_.add(id, inbox); });
    say(id, Attach{.client_id = user, .user = user, .peer = {}});
    say(id, SubscribeTo{.packet_id = 1,
                        .subscriptions = {{.filter = "apps/tilechat/users/" + user + "/#"}},
                        .reasons = {Reason::kSuccess}});
    return id;
  }

  /// As a connection does when it has read something.
  void say(ConnectionId from, decltype(Command::what) what) {
    const auto command = std::make_shared<std::vector<Command>>();
    command->push_back({from, std::move(what)});
    threads_.post(from.thread, [this, command] { feed_.put_and_serve(std::move(*command)); });
  }

  void write(ConnectionId from, const std::string& user, const std::string& to, const std::string& text) {
    say(from, Publication{.message = message_of(
                              "apps/tilechat/outgoing/users/" + user + "/messages/" + to + "/outgoing",
                              R"({"text":")" + text + "\"}", Qos::kAtMostOnce, false, {}, 0)});
  }

  const Topics topics_{AppId("tilechat"), ".apps.tilechat.users", false, true};
  const Bindings bindings_{topics_};
  testing::FakeClock clock_;
  testing::FakeEntropy entropy_;
  testing::SilentLog log_;
  testing::CountingProbe probe_;
  NoProbe mqtt_probe_;
  store::MemoryStore store_;
  store::MemorySessionStore sessions_;
  Committers committers_;
  Inbox bobs_;
  Inbox ignored_;
  IoThreads threads_{2};
  std::set<std::thread::id> io_threads_;
  Switchboard switchboard_{threads_};
  Feed feed_{1'000'000, [this] { switchboard_.room(); }, {.after_idle = microseconds(0)}};
  EmbeddedBroker broker_{settings(), sessions_, clock_, switchboard_, feed_, mqtt_probe_, log_};
  Engine engine_{engine_settings(), {broker_, store_, clock_, entropy_, log_, probe_, &committers_}};
  std::uint64_t connections_ = 0;
  std::thread worker_{[this] { engine_.run(); }};

 private:
  EmbeddedSettings settings() {
    EmbeddedSettings result;
    result.hub.inbox_roots = {"apps/tilechat/users"};
    result.hub.heard = [this](std::string_view key) { return bindings_.hears(key); };
    return result;
  }
  EngineSettings engine_settings() const {
    EngineSettings result;
    result.topics = topics_;
    return result;
  }
};

/// Each sender waits until his last message has arrived, so that the engine is idle when the next one comes;
/// now and then he sends many at once, so that it is not.
TEST_F(EmbeddedBrokerTest, EverythingArrivesOnceAndInOrderWhoeverHasTheTurn) {
  constexpr int kRounds = 100;
  connect("bob", 1, bobs_);
  const std::map<std::string, ConnectionId> senders = {{"alice", connect("alice", 0, ignored_)},
                                                       {"carol", connect("carol", 1, ignored_)}};
  std::map<std::string, std::vector<std::string>> sent;
  std::size_t all = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (const auto& [user, connection] : senders) {
      for (int i = 0; i < (round % 10 == 9 ? 20 : 1); ++i) {
        sent[user].push_back(user + std::to_string(sent[user].size()));
        write(connection, user, "bob", sent[user].back());
        ++all;
      }
    }
    ASSERT_TRUE(bobs_.wait_for(all)) << "in round " << round;
  }
  stop();

  std::map<std::string, std::vector<std::string>> got;
  for (const std::string& text : bobs_.texts()) {
    const std::string plain = text.substr(1, text.size() - 2);
    got[plain.substr(0, 5)].push_back(plain);
  }
  EXPECT_EQ(got["alice"], sent["alice"]);
  EXPECT_EQ(got["carol"], sent["carol"]);
  EXPECT_EQ(store_
                .timeline({AppId{"tilechat"}, PartyId{"bob"}, PartyId{"alice"}},
                          {.limit = 10'000, .newest_first = false, .before = {}, .after = {}})
                .size(),
            sent["alice"].size());
  std::set<std::thread::id> lent;
  for (const auto& thread : committers_.threads()) {
    if (io_threads_.contains(thread)) lent.insert(thread);
  }
  EXPECT_FALSE(lent.empty()) << "no turn was lent";
}

}  // namespace
}  // namespace inboxd::mqtt
