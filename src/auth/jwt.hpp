#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/error.hpp"
#include "auth/key.hpp"
#include "core/result.hpp"

/// JSON Web Tokens: who somebody is, and what he may do (PROTOCOL 10).
namespace inboxd::auth {

/// A longer token is refused unread.
inline constexpr std::size_t kMaxTokenBytes = std::size_t{16} * 1024;

/// The audience that tokens of this ecosystem name.
inline constexpr std::string_view kAudience = "rabbitmq";

/// What a token that passed says. Times are seconds since the epoch; a string that is absent is empty. The
/// ids are as signed, not validated against our alphabet.
struct Claims {
  std::string jti;
  std::string sub;
  std::string user_id;
  std::string app_id;
  std::string client_id;
  std::optional<std::int64_t> exp;
  std::optional<std::int64_t> nbf;
  std::optional<std::int64_t> iat;
  std::vector<std::string> aud;
  std::vector<std::string> scope;
  bool admin = false;  ///< `tiledesk_api_roles` is "admin"
  std::string json;    ///< the whole claims object, as it was signed
};

struct VerifierSettings {
  std::string audience{kAudience};
  /// How far other clocks may be off, both ways.
  std::int64_t leeway_seconds = 0;
  /// Refuse a token that names no expiry.
  bool require_expiry = true;
};

/// Checks tokens against the keys that it was built with. Immutable: one may serve many threads.
class Verifier {
 public:
  explicit Verifier(std::vector<Key> keys, VerifierSettings settings = {});

  /// The claims of a token whose signature, times and audience are all right at `now_seconds`.
  Result<Claims, AuthError> verify(std::string_view token, std::int64_t now_seconds) const;

 private:
  Result<Claims, AuthError> check(Claims claims, std::int64_t now_seconds) const;

  std::vector<Key> keys_;
  VerifierSettings settings_;
};

/// What a token is to say. All texts must be valid UTF-8.
struct MintRequest {
  std::string user;
  std::string app;
  bool admin = false;
  std::vector<std::string> scope;
  std::int64_t now_seconds = 0;
  std::int64_t ttl_seconds = 0;  ///< at least 1
  std::string kid = "tiledesk-key";
  /// Whether `kid` stands in the header too. A broker looks up the header's name among its keys, and takes
  /// its default key where there is none: leave it out unless the broker is known to call its key so.
  bool kid_in_header = false;
};

/// A new token, signed with HS256, with a random id.
Result<std::string, AuthError> mint(const MintRequest& request, const std::string& secret);

}  // namespace inboxd::auth
