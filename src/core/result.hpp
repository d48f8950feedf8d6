#pragma once

#include <tl/expected.hpp>

namespace inboxd {

/// A value, or the reason why there is none: for errors on which the caller can act.
/// Standard C++23 semantics (std::expected), from the library that implements them for C++20.
template <class T, class E>
using Result = tl::expected<T, E>;

template <class E>
using Failure = tl::unexpected<E>;

}  // namespace inboxd
