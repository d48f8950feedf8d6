#include "http/router.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace inboxd::http {
namespace {

using Parts = std::map<std::string, std::string, std::less<>>;

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> levels;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  while (!path.empty()) {
    const auto slash = path.find('/');
    levels.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
    if (path.empty()) levels.emplace_back();
  }
  return levels;
}

std::optional<Parts> match(const std::vector<std::string>& pattern, const std::vector<std::string>& levels) {
  if (pattern.size() != levels.size()) return std::nullopt;
  Parts parts;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view name = pattern[i];
    if (!name.starts_with('{')) {
      if (name != levels[i]) return std::nullopt;
      continue;
    }
    auto value = percent_decoded(levels[i]);
    if (!value || value->empty()) return std::nullopt;
    parts.emplace(name.substr(1, name.size() - 2), std::move(*value));
  }
  return parts;
}

std::string_view name_of(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET, HEAD";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kDelete:
      return "DELETE";
    case Method::kOptions:
      return "OPTIONS";
    case Method::kHead:
    case Method::kOther:
      break;
  }
  return "HEAD";
}

Response answer(const Router::Handler& handler, const Request& request) {
  try {
    return handler(request);
  } catch (const std::exception&) {
    // What went wrong inside is for the log of whoever threw it, not for a stranger.
    return error_response(500, "internal error");
  }
}

/// A path that begins with the levels of `prefix`.
bool is_under(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

void let_browsers_read(Response& response) {
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
}

Response preflight() {
  Response response{204, "", ""};
  response.headers = {
      {"Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE, OPTIONS"},
      {"Access-Control-Allow-Headers", "Authorization, Content-Type, Accept, JWT, Origin, X-Requested-With"},
      {"Access-Control-Max-Age", "86400"}};
  return response;
}

}  // namespace

void Router::add(Method method, std::string_view pattern, Handler handler) {
  add_async(method, pattern, [handler = std::move(handler)](const Request& request, Responder respond) {
    respond(answer(handler, request));
  });
}

void Router::add_async(Method method, std::string_view pattern, AsyncHandler handler) {
  routes_.push_back({method, std::string(pattern), split(pattern), std::move(handler)});
}

void Router::open_to_browsers(std::string prefix) { open_.push_back(std::move(prefix)); }

bool Router::is_open(std::string_view path) const {
  return std::any_of(open_.begin(), open_.end(),
                     [path](const std::string& prefix) { return is_under(path, prefix); });
}

void Router::decorate(std::string_view path, Response& response) const {
  if (is_open(path)) let_browsers_read(response);
}

std::vector<std::pair<Method, std::string>> Router::routes() const {
  std::vector<std::pair<Method, std::string>> all;
  all.reserve(routes_.size());
  for (const Route& route : routes_) all.emplace_back(route.method, route.pattern);
  return all;
}

void Router::handle(Request request, Responder respond) const {
  if (is_open(request.path)) {
    Responder inner = std::move(respond);
    respond = Responder([outer = std::make_shared<Responder>(std::move(inner))](Response response) {
      let_browsers_read(response);
      (*outer)(std::move(response));
    });
    if (request.method == Method::kOptions) return respond(preflight());
  }
  const std::vector<std::string> levels = split(request.path);
  const Method wanted = request.method == Method::kHead ? Method::kGet : request.method;
  std::string allow;
  for (const Route& route : routes_) {
    auto parts = match(route.levels, levels);
    if (!parts) continue;
    if (route.method == wanted) {
      request.parts = std::move(*parts);
      return run(route, std::move(request), std::move(respond));
    }
    if (!allow.empty()) allow += ", ";
    allow += name_of(route.method);
  }
  if (allow.empty()) return respond(error_response(404, "not found"));
  Response response = error_response(405, "method not allowed");
  response.headers.emplace_back("Allow", allow);
  respond(std::move(response));
}

void Router::run(const Route& route, Request request, Responder respond) {
  try {
    route.handler(std::move(request), std::move(respond));
  } catch (const std::exception&) {
    // The handler's responder answers on its way out.
    return;
  }
}

}  // namespace inboxd::http
