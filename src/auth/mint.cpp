#include <openssl/rand.h>

#include <array>
#include <utility>

#include "auth/jwt.hpp"
#include "auth/token_ptr.hpp"
#include "core/id.hpp"
#include "core/json.hpp"

namespace inboxd::auth {
namespace {

using Kind = AuthError::Kind;

/// A UUID of version 4, or nothing where the system has no randomness to give.
std::optional<std::string> random_uuid() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return std::nullopt;
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0FU) | 0x40U);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3FU) | 0x80U);
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    text.push_back(kHex[bytes[i] >> 4U]);
    text.push_back(kHex[bytes[i] & 0xFU]);
  }
  return text;
}

std::string array_of(const std::vector<std::string>& texts) {
  std::string array = "[";
  for (const std::string& text : texts) {
    if (array.size() > 1) array.push_back(',');
    array += json::quoted(text);
  }
  return array + "]";
}

std::string claims_of(const MintRequest& request, std::string_view jti) {
  json::ObjectWriter claims(1024);
  claims.string("jti", jti);
  for (const std::string_view name : {"sub", "user_id", "client_id", "cid", "azp"})
    claims.string(name, request.user);
  claims.string("app_id", request.app);
  claims.integer("iat", request.now_seconds);
  claims.integer("exp", request.now_seconds + request.ttl_seconds);
  claims.raw("aud", array_of({std::string(kAudience), request.user}));
  claims.string("kid", request.kid);
  claims.raw("scope", array_of(request.scope));
  claims.string("tiledesk_api_roles", request.admin ? "admin" : "user");
  return claims.finish();
}

bool all_utf8(const MintRequest& request) {
  bool valid = is_valid_utf8(request.user) && is_valid_utf8(request.app) && is_valid_utf8(request.kid);
  for (const std::string& scope : request.scope) valid = valid && is_valid_utf8(scope);
  return valid;
}

}  // namespace

Result<std::string, AuthError> mint(const MintRequest& request, const std::string& secret) {
  const auto key = Key::hs256(secret);
  if (!key) return Failure<AuthError>(key.error());
  if (request.user.empty() || !all_utf8(request))
    return refuse(Kind::kClaims, "a name in the token is not usable");
  if (request.ttl_seconds < 1)
    return refuse(Kind::kClaims, "the token's lifetime must be at least one second");
  const auto jti = random_uuid();
  if (!jti) return refuse(Kind::kBadKey, "the system gives no random bytes");

  jwt_t* raw = nullptr;
  if (jwt_new(&raw) != 0) throw std::bad_alloc();
  const TokenPtr token(raw);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): libjwt takes key bytes as unsigned char
  const auto* bytes = reinterpret_cast<const unsigned char*>(secret.data());
  const bool made = jwt_set_alg(raw, JWT_ALG_HS256, bytes, static_cast<int>(secret.size())) == 0 &&
                    jwt_add_grants_json(raw, claims_of(request, *jti).c_str()) == 0 &&
                    (!request.kid_in_header || jwt_add_header(raw, "kid", request.kid.c_str()) == 0);
  const TextPtr text(made ? jwt_encode_str(raw) : nullptr);
  if (!text) return refuse(Kind::kClaims, "the token cannot be made from these names");
  return std::string(text.get());
}

}  // namespace inboxd::auth
