#include "app/token.hpp"

#include <chrono>
#include <ostream>
#include <vector>

#include "app/terminal.hpp"
#include "auth/jwt.hpp"
#include "core/scopes.hpp"

namespace inboxd::app {
namespace {

std::int64_t now_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

Failure<std::string> cannot_sign(std::string message) { return Failure<std::string>(std::move(message)); }

Result<std::string, std::string> sign(const auth::MintRequest& request, const std::string& secret) {
  if (secret.empty()) return cannot_sign("JWT_SECRET is not set, and a token cannot be signed without it");
  return auth::mint(request, secret).map_error([](const auth::AuthError& error) { return error.message; });
}

std::vector<std::string> scopes_for(const TokenOptions& options, const PartyId& user) {
  if (options.backend) return service_scopes(options.vhost);
  if (options.legacy_scopes) return legacy_client_scopes(options.topics, user);
  return strict_client_scopes(options.vhost, options.topics, user);
}

}  // namespace

Result<std::string, std::string> make_token(const TokenOptions& options) {
  if (is_reserved(options.user)) return cannot_sign("the user id '" + options.user + "' is reserved");
  const auto user = parse_party(options.user);
  if (!user) {
    return cannot_sign(
        "the user id '" + printable(options.user) +
        "' is not valid: 1 to 128 bytes of UTF-8 without / . # + * %, blanks or control characters");
  }
  if (!is_valid_id(options.topics.app.view())) {
    return cannot_sign("the app id '" + printable(options.topics.app.view()) + "' is not valid");
  }
  auth::MintRequest request;
  request.user = options.user;
  request.app = options.topics.app.str();
  request.admin = options.admin || options.backend;
  request.scope = scopes_for(options, *user);
  request.now_seconds = now_seconds();
  request.ttl_seconds = options.ttl_seconds;
  return sign(request, options.secret);
}

Result<std::string, std::string> make_service_token(const std::string& secret, const std::string& vhost,
                                                    const AppId& app, std::int64_t now_seconds,
                                                    std::int64_t ttl_seconds) {
  auth::MintRequest request;
  request.user = "inboxd";
  request.app = app.str();
  request.scope = service_scopes(vhost);
  request.now_seconds = now_seconds;
  request.ttl_seconds = ttl_seconds;
  return sign(request, secret);
}

std::string secret_warning(const std::string& secret) {
  if (secret.empty()) return {};
  if (auth::is_public_default(secret)) {
    return "JWT_SECRET is a value that everybody knows from documentation: anyone can sign tokens for any "
           "user. Set a secret of your "
           "own, e.g. from `openssl rand -hex 32`";
  }
  if (auth::is_weak(secret)) {
    return "JWT_SECRET is shorter than " + std::to_string(auth::kMinSecretBytes) +
           " bytes and may be guessed from any token. Take a longer one, e.g. from `openssl rand -hex 32`";
  }
  return {};
}

int run_token(const TokenOptions& options, std::ostream& out, std::ostream& err) {
  const auto token = make_token(options);
  if (!token) {
    err << "inboxd token: " << token.error() << '\n';
    return kUsage;
  }
  if (const std::string warning = secret_warning(options.secret); !warning.empty()) {
    err << "inboxd token: warning: " << warning << '\n';
  }
  out << *token << std::endl;
  return out ? kDone : kFailed;
}

}  // namespace inboxd::app
