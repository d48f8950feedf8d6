// store_writer DIR batch|none COMMITS: writes numbered commits, COMMITS of them or until it is killed, and
// prints each number on a line of its own once its commit has returned. For tests that end it at any moment
// and look at what is there.
#include <charconv>
#include <cstring>
#include <iostream>
#include <string_view>

#include "store/rocksdb_store.hpp"
#include "tools/numbered_commits.hpp"

namespace {

class FrozenClock final : public inboxd::Clock {
 public:
  inboxd::Millis now() const override { return 0; }
  inboxd::SteadyClock::time_point steady() const override { return {}; }
};

int run(int argc, char** argv) {
  std::uint64_t commits = 0;
  if (argc != 4 || std::from_chars(argv[3], argv[3] + std::strlen(argv[3]), commits).ec != std::errc{}) {
    std::cerr << "usage: store_writer DIR batch|none COMMITS\n";
    return 2;
  }
  FrozenClock clock;
  inboxd::store::RocksDbOptions options;
  options.directory = argv[1];
  options.sync =
      std::string_view(argv[2]) == "none" ? inboxd::store::Sync::kNone : inboxd::store::Sync::kBatch;
  options.write_buffer_bytes =
      std::size_t{1024} * 1024;  // so that table files are written and compacted meanwhile, too
  auto store = inboxd::store::RocksDbStore::open(options, clock);
  if (!store) throw inboxd::StoreError(store.error());
  for (std::uint64_t number = 1; number <= commits; ++number) {
    (*store)->commit(inboxd::test::numbered_commit(number));
    std::cout << number << std::endl;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "store_writer: " << error.what() << '\n';
    return 1;
  }
}
