#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.hpp"
#include "http/responder.hpp"

namespace inboxd::http {

/// Finds the handler of a request by method and path. Filled before the server starts, read-only afterwards.
class Router {
 public:
  using Handler = std::function<Response(const Request&)>;
  using AsyncHandler = std::function<void(Request, Responder)>;

  /// `pattern` is a path whose levels are literal or `{name}`, which matches any one non-empty level. Of
  /// several routes that match, the first added counts. A GET route answers HEAD too.
  void add(Method method, std::string_view pattern, Handler handler);

  /// As add(), for a handler that answers when it can.
  void add_async(Method method, std::string_view pattern, AsyncHandler handler);

  /// Lets pages of any origin read what is under `prefix`, and answers their pre-flight requests.
  void open_to_browsers(std::string prefix);

  /// The handler's answer; 404 where no route has the path, 405 with `Allow` where one has it for other
  /// methods, 500 where the handler throws. A trailing slash makes no difference.
  void handle(Request request, Responder respond) const;

  /// Adds what handle() would add to an answer that was not its own.
  void decorate(std::string_view path, Response& response) const;

  /// Every route, as it was added.
  std::vector<std::pair<Method, std::string>> routes() const;

 private:
  struct Route {
    Method method;
    std::string pattern;
    std::vector<std::string> levels;
    AsyncHandler handler;
  };
  static void run(const Route& route, Request request, Responder respond);
  bool is_open(std::string_view path) const;

  std::vector<Route> routes_;
  std::vector<std::string> open_;
};

}  // namespace inboxd::http
