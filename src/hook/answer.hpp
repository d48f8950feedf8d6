#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/policy.hpp"
#include "core/result.hpp"

namespace inboxd::hook {

inline constexpr std::size_t kMaxCodeBytes = 64;
inline constexpr std::size_t kMaxMessageBytes = 512;
inline constexpr std::chrono::seconds kMaxTtl{3600};

struct Answer {
  HookVerdict verdict;                      ///< never kUnavailable
  std::optional<std::chrono::seconds> ttl;  ///< 0 to kMaxTtl; nothing where the answer does not say

  friend bool operator==(const Answer&, const Answer&) = default;
};

/// Reads what the hook answered with status 200. A null counts as absent, and what is not known is ignored;
/// whatever else is wrong makes it no answer. The error says what, for people, and quotes nothing.
Result<Answer, std::string> read_answer(std::string_view body);

}  // namespace inboxd::hook
