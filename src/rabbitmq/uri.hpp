#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "rabbitmq/settings.hpp"

namespace inboxd::rabbitmq {

struct ParsedUri {
  Address address;
  std::string user;  ///< empty where the URI names none
  std::string password;
  std::string vhost = "/";
  std::optional<std::chrono::seconds> heartbeat;
};

/// Several brokers of one cluster: what their URIs have in common, and where they are.
struct ParsedUris {
  std::vector<Address> addresses;
  std::string user;
  std::string password;
  std::string vhost = "/";
  std::optional<std::chrono::seconds> heartbeat;
};

/// `amqp://user:password@host:port/vhost?heartbeat=60` or `amqps://`. Ports default to 5672 and 5671; no
/// path, or `/` alone, is the virtual host "/". The error says what is wrong in words for the operator and
/// quotes nothing that could be a secret.
Result<ParsedUri, std::string> parse_amqp_uri(std::string_view text);

/// A comma-separated list of such URIs, blanks allowed. Credentials, virtual host and heartbeat must agree; a
/// URI after the first may leave them out.
Result<ParsedUris, std::string> parse_amqp_uris(std::string_view text);

/// A comma-separated list of `host`, `host:port`, `[address]:port`, blanks allowed.
Result<std::vector<Address>, std::string> parse_hosts(std::string_view text, std::uint16_t default_port,
                                                      bool tls = false);

}  // namespace inboxd::rabbitmq
