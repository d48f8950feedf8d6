/// Fills a new store with blocks, for measuring what they cost. Every user of the benchmark is blocked by
/// some hundred others, none of whom writes with him; the rest are between users whom nobody measures.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <exception>
#include <iostream>
#include <string>

#include "store/rocksdb_store.hpp"

namespace {

using namespace inboxd;

constexpr std::size_t kBatch = 1000;
constexpr std::size_t kBlockersOfEach = 100;

class SystemClock final : public Clock {
 public:
  Millis now() const override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  SteadyClock::time_point steady() const override { return SteadyClock::now(); }
};

BlockRow row(std::size_t number, std::size_t users, Millis now) {
  const std::size_t owner = number / kBlockersOfEach;
  const std::string blocked = number < users * kBlockersOfEach ? "user-" + std::to_string(owner)
                                                               : "stranger-" + std::to_string(owner);
  return {AppId("tilechat"), PartyId("blocker-" + std::to_string(number)), PartyId(blocked), now};
}

int run(int argc, char** argv) {
  CLI::App options("Fills a new store with blocks");
  std::string directory;
  std::size_t blocks = 0;
  std::size_t users = 0;
  options.add_option("directory", directory)->required();
  options.add_option("--blocks", blocks)->required();
  options.add_option("--users", users, "Users of the benchmark: user-0, user-1, …")->required();
  try {
    options.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return options.exit(error);
  }
  SystemClock clock;
  store::RocksDbOptions settings;
  settings.directory = directory;
  const auto opened = store::RocksDbStore::open(settings, clock);
  if (!opened) throw StoreError(opened.error());
  for (std::size_t begin = 0; begin < blocks; begin += kBatch) {
    Commit commit;
    for (std::size_t i = begin; i < std::min(begin + kBatch, blocks); ++i)
      commit.blocks.push_back(row(i, users, clock.now()));
    (*opened)->commit(commit);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) try { return run(argc, argv); } catch (const std::exception& error) {
  std::cerr << "bench_blocks: " << error.what() << '\n';
  return 1;
}
