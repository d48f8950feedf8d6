#pragma once

#include <rocksdb/listener.h>

#include <atomic>

namespace inboxd::store {

/// What is known of a database's state without asking it. Safe for use from several threads: RocksDB reports
/// from its own.
class RocksDbHealth final : public rocksdb::EventListener {
 public:
  bool writable() const noexcept { return writable_.load(std::memory_order_relaxed); }
  bool readable() const noexcept { return readable_.load(std::memory_order_relaxed); }
  void set_writable(bool writable) noexcept { writable_.store(writable, std::memory_order_relaxed); }
  /// For good: what is damaged on the disk stays so.
  void set_unreadable() noexcept { readable_.store(false, std::memory_order_relaxed); }

  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason reason, rocksdb::Status error,
                            bool* automatic) override;

 private:
  std::atomic<bool> writable_{true};
  std::atomic<bool> readable_{true};
};

}  // namespace inboxd::store
