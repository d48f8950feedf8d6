#include "app/listing.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <utility>

#include "app/store_settings.hpp"
#include "app/system.hpp"
#include "store/rocksdb_store.hpp"

namespace inboxd::app {

std::unique_ptr<Store> open_to_read(const config::Settings& settings, Clock& clock) {
  store::RocksDbOptions options = store_options(settings);
  options.read_only = true;
  auto opened = store::RocksDbStore::open(options, clock);
  if (!opened) throw StoreError(opened.error());
  return std::move(*opened);
}

void on_chosen_to_read(CLI::App& command, Invocation& invocation, std::function<int(const Store&)> work) {
  on_chosen(command, invocation, Needs::kNothing, [work = std::move(work)](const config::Settings& settings) {
    SystemClock clock;
    return work(*open_to_read(settings, clock));
  });
}

std::string time_of(Millis at) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(at / 1000)),
                     at % 1000);
}

}  // namespace inboxd::app
