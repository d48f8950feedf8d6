#pragma once

#include <string_view>

#include "http/router.hpp"

namespace inboxd::http {

/// docs/openapi.yaml, as it was when this was built.
std::string_view openapi_document() noexcept;

/// `/openapi.yaml`.
void add_openapi(Router& router);

}  // namespace inboxd::http
