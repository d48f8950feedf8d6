#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/topic.hpp"
#include "engine/ports.hpp"

namespace inboxd {

/// Which of the engine's queues hears a routing key: what a broker tells from the binding keys of PROTOCOL 1,
/// for where there is none. Immutable.
class Bindings {
 public:
  explicit Bindings(const Topics& topics);

  std::optional<Queue> hears(std::string_view routing_key) const noexcept;

 private:
  /// `head`, then any words, then `word` where it is not empty, and any words again where `open`.
  struct Pattern {
    Queue queue;
    std::string head;
    std::string word;  ///< with the dot before it
    bool exact;        ///< there is nothing but the head
    bool open;

    bool takes(std::string_view key) const noexcept;
  };

  void add(Queue queue, std::string_view binding);

  std::vector<Pattern> patterns_;
};

}  // namespace inboxd
