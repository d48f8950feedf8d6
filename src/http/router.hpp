#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace inboxd::http {

/// Finds the handler of a request by method and path. Filled before the server starts, read-only afterwards.
class Router {
 public:
  using Handler = std::function<Response(const Request&)>;

  /// `pattern` is a path whose levels are literal or `{name}`, which matches any one non-empty level. Of
  /// several routes that match, the first added counts. A GET route answers HEAD too.
  void add(Method method, std::string_view pattern, Handler handler);

  /// The handler's answer; 404 where no route has the path, 405 with `Allow` where one has it for other
  /// methods, 500 where the handler throws. A trailing slash makes no difference.
  Response handle(Request request) const;

 private:
  struct Route {
    Method method;
    std::vector<std::string> levels;
    Handler handler;
  };
  std::vector<Route> routes_;
};

}  // namespace inboxd::http
