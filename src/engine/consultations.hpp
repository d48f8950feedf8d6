#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/ports.hpp"

namespace inboxd {

/// The questions that the policy hook has not answered yet. For the engine's thread; answers come on others.
class Consultations {
 public:
  /// One question, and the place for its answer.
  class Question {
   public:
    bool answered() const noexcept { return answered_.load(std::memory_order_acquire); }
    /// Call once it is answered.
    const HookVerdict& verdict() const noexcept { return verdict_; }

   private:
    friend class Consultations;
    HookVerdict verdict_;  // written before answered_, read after it
    std::atomic<bool> answered_{false};
  };

  /// At most `window` questions wait at a time. `wake` is called, on any thread, when one is answered; it
  /// must stay callable until the hook calls nobody any more. `hook` may be null.
  Consultations(PolicyHook* hook, std::size_t window, std::function<void()> wake)
      : hook_(hook), window_(window), wake_(std::move(wake)) {}

  bool enabled() const noexcept { return hook_ != nullptr; }
  /// Whether another may be asked now.
  bool has_room();
  std::shared_ptr<const Question> ask(const HookQuestion& question);

 private:
  PolicyHook* hook_;
  std::size_t window_;
  std::function<void()> wake_;
  std::vector<std::shared_ptr<const Question>> waiting_;
};

}  // namespace inboxd
