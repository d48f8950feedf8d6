#include "app/engine_request.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "app/system.hpp"
#include "app/terminal.hpp"
#include "auth/jwt.hpp"
#include "net/http_client.hpp"

namespace inboxd::app {
namespace {

constexpr std::chrono::seconds kTimeout{30};
constexpr std::int64_t kTokenSeconds = 60;
constexpr Millis kSecond = 1000;

Failure<std::string> wrong(std::string why) { return Failure<std::string>(std::move(why)); }

/// Where a listener at `bind` is reached from here.
std::string reachable(const std::string& bind) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(bind, error);
  if (error) return bind;
  if (!address.is_unspecified()) return address.is_v6() ? "[" + bind + "]" : bind;
  return address.is_v6() ? "[::1]" : "127.0.0.1";
}

Result<std::string, std::string> admin_token(const config::Settings& settings) {
  auth::MintRequest request;
  request.user = "inboxd";
  request.app = settings.app_id;
  request.admin = true;
  request.now_seconds = SystemClock().now() / kSecond;
  request.ttl_seconds = kTokenSeconds;
  return auth::mint(request, settings.jwt_secret).map_error([](const auth::AuthError& error) {
    return error.message;
  });
}

Result<net::Answer, net::Failed> exchange(net::Request request) {
  boost::asio::io_context io;
  net::HttpClient::Options options;
  // It is this machine's own address, and no certificate is made out to that.
  options.verify = false;
  options.allow_link_local = true;
  net::HttpClient client(io.get_executor(), options);
  std::optional<Result<net::Answer, net::Failed>> outcome;
  client.send(std::move(request), kTimeout,
              [&outcome](Result<net::Answer, net::Failed> result) { outcome = std::move(result); });
  while (!outcome && io.run_one() > 0) {
  }
  return std::move(outcome).value();
}

}  // namespace

std::string engine_url(const config::Settings& settings, std::string_view resource) {
  const bool tls = !settings.key_pem.empty() && !settings.cert_pem.empty();
  std::string url = tls ? "https://" : "http://";
  url += reachable(settings.http_bind) + ":" + std::to_string(settings.http_port) + settings.baseurl;
  if (!url.ends_with('/')) url += '/';
  return url.append(settings.app_id).append("/").append(resource);
}

Result<std::string, std::string> ask_engine(const config::Settings& settings, std::string_view resource,
                                            std::string body) {
  const std::string text = engine_url(settings, resource);
  auto url = net::parse_url(text);
  if (!url) return wrong(text + ": " + url.error());
  auto token = admin_token(settings);
  if (!token) return wrong(token.error());
  const auto answer =
      exchange({.method = "POST",
                .url = std::move(*url),
                .headers = {{"Content-Type", "application/json"}, {"Authorization", std::move(*token)}},
                .body = std::move(body)});
  if (!answer) {
    const bool absent = answer.error().kind == net::Failed::Kind::kNotSent;
    return wrong((absent ? "no engine runs at " : "no answer from the engine at ") + text + " (" +
                 answer.error().why + "); see HTTP_BIND and HTTP_PORT");
  }
  constexpr unsigned kOk = 200;
  if (answer->status == kOk) return answer->body;
  return wrong("the engine at " + text + " answered " + std::to_string(answer->status) + " " +
               printable(answer->body));
}

}  // namespace inboxd::app
