#include "webhook/settings.hpp"

#include "net/http_client.hpp"

namespace inboxd::webhook {

std::string label_of(const std::string& endpoint) {
  const auto url = net::parse_url(endpoint);
  if (!url) return "invalid";
  const bool usual = url->port == (url->tls ? 443 : 80);
  const bool v6 = url->host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + url->host + "]" : url->host;
  return usual ? host : host + ":" + std::to_string(url->port);
}

}  // namespace inboxd::webhook
