#pragma once

#include "config/settings.hpp"
#include "store/rocksdb_options.hpp"

namespace inboxd::app {

inline store::RocksDbOptions store_options(const config::Settings& settings) {
  store::RocksDbOptions options;
  options.directory = settings.data_dir;
  options.sync = settings.store_sync == config::StoreSync::kBatch ? store::Sync::kBatch : store::Sync::kNone;
  options.max_dead_letters = settings.dead_letter_max;
  options.max_dead_letter_bytes = settings.dead_letter_max_bytes;
  options.max_undelivered = settings.dead_letter_max;
  options.max_undelivered_bytes = settings.dead_letter_max_bytes;
  options.arrival_retention = settings.sync_retention;
  return options;
}

}  // namespace inboxd::app
