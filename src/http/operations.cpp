#include "http/operations.hpp"

#include <string>

namespace inboxd::http {
namespace {

Response ready(const Health& health) {
  const Readiness readiness = health.readiness();
  std::string body = R"({"ready":)";
  body += readiness.ready ? "true" : "false";
  body += R"(,"link":)" + json_string(name_of(readiness.link));
  body += R"(,"store":)";
  body += readiness.store ? "true" : "false";
  body += R"(,"why":)" + json_string(readiness.why) + "}";
  return {readiness.ready ? 200U : 503U, "application/json", std::move(body)};
}

}  // namespace

void add_health(Router& router, const Health& health) {
  router.add(Method::kGet, "/", [](const Request&) {
    return Response{200, "text/plain; charset=utf-8", "inboxd " INBOXD_VERSION "\n"};
  });
  router.add(Method::kGet, "/health/live", [](const Request&) {
    return Response{200, "application/json", R"({"live":true})"};
  });
  router.add(Method::kGet, "/health/ready", [&health](const Request&) { return ready(health); });
}

void add_metrics(Router& router, Metrics& metrics) {
  router.add(Method::kGet, "/metrics", [&metrics](const Request&) {
    return Response{200, "text/plain; version=0.0.4; charset=utf-8", metrics.text()};
  });
}

}  // namespace inboxd::http
