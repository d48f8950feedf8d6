#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/temporary_directory.hpp"
#include "engine/ports.hpp"
#include "store/dead_letter_ledger.hpp"
#include "store/rocksdb_store.hpp"

namespace inboxd::test {

class ManualClock final : public Clock {
 public:
  Millis now() const override { return now_; }
  SteadyClock::time_point steady() const override {
    return SteadyClock::time_point(std::chrono::milliseconds(now_));
  }
  void set(Millis now) { now_ = now; }

 private:
  std::atomic<Millis> now_{1'700'000'000'000};
};

enum class Adapter { kMemory, kRocksDb };

/// A fresh store of one adapter for each test.
class StoreContract : public testing::TestWithParam<Adapter> {
 protected:
  StoreContract() { open({}); }

  /// Replaces the store by a fresh one with these bounds.
  void open(store::DeadLetterBounds bounds);
  Store& store() { return *store_; }

 private:
  ManualClock clock_;
  std::optional<TemporaryDirectory> directory_;
  std::unique_ptr<Store> store_;
};

std::string name_of(const testing::TestParamInfo<Adapter>& info);

// Rows with little to say, for tests to change what they are about.
inline const AppId test_app{"tilechat"};

TimelineKey timeline_of(const std::string& owner, const std::string& peer);
StoredMessage message_of(const std::string& id, Millis timestamp = 1000);
TimelineRow row_of(const TimelineKey& timeline, Millis timestamp, const std::string& message);
ConversationRow conversation_of(const TimelineKey& key, Millis timestamp, const std::string& message);
DeadLetter dead_letter_of(const std::string& id, const std::string& payload = "{}");
std::unique_ptr<store::RocksDbStore> open_rocksdb(const store::RocksDbOptions& options, Clock& clock);

/// Commits messages with these ids, so that rows may refer to them.
void commit_bodies(Store& store, const std::vector<std::string>& ids);

/// The ids of a page, in its order.
std::vector<std::string> ids_of(const std::vector<TimelineEntry>& page);
/// The peers of a listing, in its order.
std::vector<std::string> peers_of(const std::vector<ConversationEntry>& listing);

}  // namespace inboxd::test

#define INBOXD_FOR_EVERY_STORE(suite)                                                                        \
  INSTANTIATE_TEST_SUITE_P(Every, suite,                                                                     \
                           testing::Values(inboxd::test::Adapter::kMemory, inboxd::test::Adapter::kRocksDb), \
                           inboxd::test::name_of)
