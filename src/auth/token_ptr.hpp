#pragma once

#include <jwt.h>

#include <cstdlib>
#include <memory>

namespace inboxd::auth {

struct FreeToken {
  void operator()(jwt_t* token) const noexcept { jwt_free(token); }
};
using TokenPtr = std::unique_ptr<jwt_t, FreeToken>;

/// Text that libjwt allocated with malloc.
struct FreeText {
  // NOLINTNEXTLINE(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory): the C library allocated it
  void operator()(char* text) const noexcept { std::free(text); }
};
using TextPtr = std::unique_ptr<char, FreeText>;

}  // namespace inboxd::auth
