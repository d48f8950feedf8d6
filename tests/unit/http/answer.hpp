#pragma once

#include <optional>
#include <utility>

#include "http/router.hpp"

namespace inboxd::http::testing {

/// What a router answers at once; status 0 where it has not answered yet.
inline Response answer(const Router& router, Request request) {
  Response got{0, "", ""};
  router.handle(std::move(request), Responder([&got](Response response) { got = std::move(response); }));
  return got;
}

}  // namespace inboxd::http::testing
