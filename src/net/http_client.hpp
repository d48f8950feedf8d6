#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"

/// HTTP towards others: webhooks' endpoints, the contacts service.
namespace inboxd::net {

struct Url {
  bool tls = false;
  std::string host;  ///< a name, or an address without brackets
  std::uint16_t port = 80;
  std::string target = "/";  ///< path and query, as they go into the request line

  friend bool operator==(const Url&, const Url&) = default;
};

/// Reads `http://…` or `https://…`. No user info, no fragment. The error is for people and quotes no query.
Result<Url, std::string> parse_url(std::string_view text);

struct Request {
  std::string method = "GET";
  Url url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct Answer {
  unsigned status = 0;
  std::string body;  ///< cut at Options::max_answer_bytes
};

/// Why there is no answer.
struct Failed {
  enum class Kind {
    kNotSent,    ///< no byte of the request can have reached the endpoint: safe to send again
    kNoAnswer,   ///< it may have been received
    kForbidden,  ///< the host's address is one that may not be reached; will not change by itself
  };
  Kind kind;
  std::string why;
};

/// A client for HTTP/1.1 over TCP and TLS that keeps connections for the next request. Follows no redirects.
/// For the thread of its executor alone.
class HttpClient {
 public:
  struct Options {
    bool verify = true;  ///< check certificates and that they are made out to the host
    bool allow_link_local =
        false;  ///< else the addresses of 169.254.0.0/16, fe80::/10 and the like are not reached
    std::size_t max_answer_bytes = std::size_t{64} * 1024;
    std::size_t idle_connections = 8;  ///< kept for each host
  };
  using Done = std::function<void(Result<Answer, Failed>)>;

  HttpClient(boost::asio::any_io_executor executor, Options options);
  /// Calls no `done` any more.
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// `timeout` is for all of it, looking up the name included. `done` is called once, never from within
  /// send().
  void send(Request request, std::chrono::milliseconds timeout, Done done);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace inboxd::net
