#include "http/openapi.hpp"

#include <string>

namespace inboxd::http {

void add_openapi(Router& router) {
  router.open_to_browsers("/openapi.yaml");
  router.add(Method::kGet, "/openapi.yaml", [](const Request&) {
    return Response{200, "application/yaml; charset=utf-8", std::string(openapi_document())};
  });
}

}  // namespace inboxd::http
