#pragma once

#include <mutex>

#include "engine/ports.hpp"

namespace inboxd {

/// Lets several threads draw on one source, which must outlive it.
class LockedEntropy final : public Entropy {
 public:
  explicit LockedEntropy(Entropy& source) : source_(source) {}

  std::uint64_t next() override {
    const std::lock_guard lock(mutex_);
    return source_.next();
  }

 private:
  std::mutex mutex_;
  Entropy& source_;
};

}  // namespace inboxd
