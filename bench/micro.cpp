/// The engine's parts alone, one thread, no broker: what of a message's cost is whose.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "core/message.hpp"
#include "engine/engine.hpp"
#include "engine/pipeline.hpp"
#include "engine/transaction.hpp"
#include "store/memory_store.hpp"
#include "store/rocksdb_store.hpp"
#include "traffic.hpp"

namespace inboxd::bench {
namespace {

class SystemClock final : public Clock {
 public:
  Millis now() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  }
  SteadyClock::time_point steady() const override { return SteadyClock::now(); }
};

class Counter final : public Entropy {
 public:
  std::uint64_t next() override { return ++last_; }

 private:
  std::uint64_t last_ = 0;
};

class Silence final : public Log {
 public:
  void write(LogLevel, std::string_view, std::span<const LogField>) override {}
};

/// Fails the benchmark that measures refusals by mistake.
class AcceptOnly final : public Probe {
 public:
  void counted(Outcome) override {}
  void refused(Reason) override { throw std::logic_error("the benchmark's message was refused"); }
  void filtered(std::string_view, FilterAction) override {}
  void withheld(std::size_t) override {}
  void published(std::size_t) override {}
  void took(Stage, SteadyClock::duration) override {}
  void depths(const Depths&) override {}
  void link(LinkState, std::string_view) override {}
};

EngineSettings settings() {
  EngineSettings settings;
  settings.topics = {AppId("tilechat"), path_key_of("/apps/tilechat/users"), true, true};
  return settings;
}

/// A pipeline that takes direct messages between two users, on the store given.
class Rig {
 public:
  explicit Rig(Store& store)
      : store_(store), pipeline_(settings_, {store, clock_, entropy_, silence_, probe_}) {}

  /// A batch of new messages, decided and not committed.
  std::unique_ptr<Transaction> decided(std::size_t count) {
    std::vector<Delivery> deliveries(count);
    for (Delivery& delivery : deliveries) fill(delivery);
    return decided(deliveries);
  }

  std::unique_ptr<Transaction> decided(const std::vector<Delivery>& deliveries) {
    auto transaction = std::make_unique<Transaction>(store_);
    for (const Delivery& delivery : deliveries) pipeline_.decide(delivery, {}, *transaction);
    return transaction;
  }

  void fill(Delivery& delivery) {
    delivery.tag = ++sent_;
    delivery.exchange = "amq.topic";
    delivery.routing_key = "apps.tilechat.outgoing.users.user-0.messages.user-1.outgoing";
    delivery.payload = composer_.compose({sent_, 0});
    delivery.payload_bytes = delivery.payload.size();
  }

 private:
  const EngineSettings settings_ = settings();
  SystemClock clock_;
  Counter entropy_;
  Silence silence_;
  AcceptOnly probe_;
  Store& store_;
  Pipeline pipeline_;
  Composer composer_;
  std::uint64_t sent_ = 0;
};

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    // Under the working directory, for /tmp may be memory and tell nothing of a disk.
    std::string name = std::filesystem::current_path() / "bench-micro-XXXXXX";
    if (!mkdtemp(name.data())) throw std::runtime_error("cannot make " + name);
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory(TemporaryDirectory&&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

void parse(benchmark::State& state) {
  Composer composer;
  const std::string payload(composer.compose({1, 1}));
  while (state.KeepRunning()) benchmark::DoNotOptimize(json::parse_object(payload));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(payload.size()));
}

void read_checked(benchmark::State& state) {
  Composer composer;
  const std::string payload(composer.compose({1, 1}));
  while (state.KeepRunning()) benchmark::DoNotOptimize(read_draft(payload));
}

void render(benchmark::State& state) {
  Composer composer;
  const std::string payload(composer.compose({1, 1}));
  const AppId app("tilechat");
  const PartyId sender("user-0");
  const PartyId recipient("user-1");
  const MessageId id("0190d6a0-0000-7000-8000-000000000001");
  const StoredMessage message{.id = id,
                              .app = app,
                              .sender = sender,
                              .recipient = recipient,
                              .timestamp = 1,
                              .json = compose_body(*read_draft(payload), id, app, sender, recipient, 1)};
  const TimelineRow row{{app, recipient, sender}, 1, id, Status::kDelivered, false, false};
  while (state.KeepRunning()) benchmark::DoNotOptimize(render_copy(message, row));
}

/// From the delivery to the rows and the rendered publications: all that a direct message costs but its
/// commit and its frames.
void decide(benchmark::State& state) {
  store::MemoryStore store;
  Rig rig(store);
  std::vector<Delivery> deliveries(static_cast<std::size_t>(state.range(0)));
  for (Delivery& delivery : deliveries) rig.fill(delivery);
  while (state.KeepRunning()) benchmark::DoNotOptimize(rig.decided(deliveries));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void commit(benchmark::State& state, store::Sync sync) {
  const TemporaryDirectory directory;
  SystemClock clock;
  auto opened = store::RocksDbStore::open({.directory = directory.path() / "store", .sync = sync}, clock);
  if (!opened) return state.SkipWithError(opened.error().what());
  Rig rig(**opened);
  while (state.KeepRunning()) {
    const auto batch = rig.decided(static_cast<std::size_t>(state.range(0)));
    const Commit& writes = batch->seal();
    const auto begin = SteadyClock::now();
    (*opened)->commit(writes);
    state.SetIterationTime(std::chrono::duration<double>(SteadyClock::now() - begin).count());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(parse);
BENCHMARK(read_checked);
BENCHMARK(render);
BENCHMARK(decide)->Arg(1)->Arg(100);
BENCHMARK_CAPTURE(commit, batch, store::Sync::kBatch)->Arg(1)->Arg(100)->UseManualTime();
BENCHMARK_CAPTURE(commit, none, store::Sync::kNone)->Arg(1)->Arg(100)->UseManualTime();

}  // namespace
}  // namespace inboxd::bench

BENCHMARK_MAIN();
