#pragma once

#include <cstdint>

#include "engine/ports.hpp"

namespace inboxd::test {

/// Message N, as tests write it to see after an accident what is there: `mN` from alice to bob at timestamp
/// N, in both timelines, with both conversations, an idempotency row `tN` and a fingerprint N, which replaces
/// the one before.
Commit numbered_commit(std::uint64_t number);

/// How many messages the store holds, from 1 on without a gap. Throws std::logic_error where one is there in
/// part, or one is there that comes after a gap.
std::uint64_t count_numbered(const Store& store);

}  // namespace inboxd::test
