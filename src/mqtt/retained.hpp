#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mqtt/message.hpp"

namespace inboxd::mqtt {

struct RetainedLimits {
  std::size_t messages = 100'000;
  std::size_t bytes =
      std::size_t{64} * 1024 * 1024;  ///< of topics, payloads, properties, and what holds them
};

/// The last retained message of each topic. For one thread.
class Retained {
 public:
  explicit Retained(RetainedLimits limits = {}) : limits_(limits) {}

  /// Takes the place of the topic's message. False where that would go beyond a limit; all is then left as it
  /// was. An empty payload means remove() (3.3.1.3), which is the caller's to see.
  bool put(MessagePtr message);

  /// Whether there was one.
  bool remove(std::string_view topic);

  /// Those that the filter takes and that have not expired, by topic. Not for shared filters, which get none
  /// (4.8.2).
  std::vector<MessagePtr> find(std::string_view filter, Millis now) const;

  /// Removes expired messages, looking at `most` at most, from where the last call ended. The topics of those
  /// removed.
  std::vector<std::string> sweep(Millis now, std::size_t most);

  std::size_t size() const noexcept { return messages_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct ByTopic {
    using is_transparent = void;
    static std::string_view topic(const MessagePtr& message) noexcept { return message->topic; }
    static std::string_view topic(std::string_view text) noexcept { return text; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const noexcept {
      return topic(a) < topic(b);
    }
  };
  using Messages = std::set<MessagePtr, ByTopic>;

  Messages::iterator erase(Messages::iterator at);

  RetainedLimits limits_;
  Messages messages_;
  std::size_t bytes_ = 0;
  std::string swept_;  ///< the topic at which the next sweep begins
};

}  // namespace inboxd::mqtt
