#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "app/exit_code.hpp"
#include "core/result.hpp"
#include "core/topic.hpp"

namespace inboxd::app {

/// Whose token to mint, and with what.
struct TokenOptions {
  std::string user;
  bool admin = false;
  bool legacy_scopes = false;
  bool backend = false;  ///< every topic and queue of the virtual host, as an admin
  std::int64_t ttl_seconds = std::int64_t{24} * 60 * 60;
  std::string secret;       ///< JWT_SECRET
  std::string vhost = "/";  ///< RABBITMQ_VHOST
  Topics topics;            ///< APP_ID, PATH_PREFIX and TOPIC_LAYOUTS; a token is for topics.app
};

/// The token, or what is wrong with the options, in words for the one who gave them.
Result<std::string, std::string> make_token(const TokenOptions& options);

/// The engine's own token for RabbitMQ, of a lifetime of `ttl_seconds` from `now_seconds` on.
Result<std::string, std::string> make_service_token(const std::string& secret, const std::string& vhost,
                                                    const AppId& app, std::int64_t now_seconds,
                                                    std::int64_t ttl_seconds);

/// What the operator must be told about the secret, or nothing: it is public, or short.
std::string secret_warning(const std::string& secret);

/// `inboxd token`: prints the token alone on `out`; warnings and errors go to `err`.
int run_token(const TokenOptions& options, std::ostream& out, std::ostream& err);

}  // namespace inboxd::app
