#pragma once

#include "http/health.hpp"
#include "http/metrics.hpp"
#include "http/router.hpp"

namespace inboxd::http {

/// `/`, `/health/live` and `/health/ready`. `health` must outlive the router.
void add_health(Router& router, const Health& health);

/// `/metrics`. `metrics` must outlive the router.
void add_metrics(Router& router, Metrics& metrics);

}  // namespace inboxd::http
