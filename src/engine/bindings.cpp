#include "engine/bindings.hpp"

namespace inboxd {

Bindings::Bindings(const Topics& topics) {
  for (const std::string& binding : messages_bindings(topics)) add(Queue::kMessages, binding);
  for (const std::string& binding : persist_bindings(topics)) add(Queue::kPersist, binding);
}

/// Bindings are of the forms `a.b`, `a.b.#`, `a.b.#.c` and `a.b.#.c.#`.
void Bindings::add(Queue queue, std::string_view binding) {
  constexpr std::string_view kAny = ".#";
  const std::size_t first = binding.find(kAny);
  if (first == std::string_view::npos) {
    patterns_.push_back({queue, std::string(binding), {}, true, false});
    return;
  }
  std::string_view rest = binding.substr(first + kAny.size());
  const bool open = rest.empty() || rest.ends_with(kAny);
  if (rest.ends_with(kAny)) rest.remove_suffix(kAny.size());
  patterns_.push_back({queue, std::string(binding.substr(0, first)), std::string(rest), false, open});
}

std::optional<Queue> Bindings::hears(std::string_view routing_key) const noexcept {
  for (const Pattern& pattern : patterns_) {
    if (pattern.takes(routing_key)) return pattern.queue;
  }
  return std::nullopt;
}

bool Bindings::Pattern::takes(std::string_view key) const noexcept {
  if (!key.starts_with(head)) return false;
  const std::string_view rest = key.substr(head.size());
  if (exact) return rest.empty();
  if (!rest.empty() && rest.front() != '.') return false;
  if (word.empty()) return true;
  if (!open) return rest.ends_with(word);
  for (std::size_t at = rest.find(word); at != std::string_view::npos; at = rest.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if (end == rest.size() || rest[end] == '.') return true;
  }
  return false;
}

}  // namespace inboxd
