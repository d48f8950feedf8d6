#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "core/policy.hpp"

namespace inboxd::hook {

/// The body of the request that asks it.
std::string body_of(const HookQuestion& question);

/// The same for the same message between the same two, whatever its tempUID and timestamp. A digest that
/// nobody can find two questions for: who writes messages must not get one of his past the hook by a verdict
/// on another.
using QuestionKey = std::array<unsigned char, 32>;

QuestionKey key_of(const HookQuestion& question);

struct QuestionKeyHash {
  std::size_t operator()(const QuestionKey& key) const noexcept;
};

}  // namespace inboxd::hook
