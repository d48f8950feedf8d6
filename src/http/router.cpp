#include "http/router.hpp"

#include <exception>
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

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
    out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
    i += 2;
  }
  return out;
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

}  // namespace

void Router::add(Method method, std::string_view pattern, Handler handler) {
  routes_.push_back({method, split(pattern), std::move(handler)});
}

Response Router::handle(Request request) const {
  const std::vector<std::string> levels = split(request.path);
  const Method wanted = request.method == Method::kHead ? Method::kGet : request.method;
  std::string allow;
  for (const Route& route : routes_) {
    auto parts = match(route.levels, levels);
    if (!parts) continue;
    if (route.method == wanted) {
      request.parts = std::move(*parts);
      return answer(route.handler, request);
    }
    if (!allow.empty()) allow += ", ";
    allow += name_of(route.method);
  }
  if (allow.empty()) return error_response(404, "not found");
  Response response = error_response(405, "method not allowed");
  response.headers.emplace_back("Allow", allow);
  return response;
}

}  // namespace inboxd::http
