#include "auth/jwt.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <utility>

#include "auth/token_ptr.hpp"
#include "core/json.hpp"

namespace inboxd::auth {
namespace {

using Kind = AuthError::Kind;

/// Times beyond this are nonsense, and adding a leeway to them must not overflow.
constexpr std::int64_t kMaxTime = std::int64_t{1} << 53;

bool is_base64url(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/// Three non-empty parts. libjwt's own decoder skips over characters that do not belong there.
bool has_token_shape(std::string_view token) noexcept {
  int dots = 0;
  char previous = '.';
  for (const char c : token) {
    if (c == '.') {
      if (previous == '.') return false;
      ++dots;
    } else if (!is_base64url(c)) {
      return false;
    }
    previous = c;
  }
  return dots == 2 && previous != '.';
}

/// What base64url without padding says (RFC 7515, 2); nothing where no text ends like this. `encoded` is of
/// its alphabet.
std::optional<std::string> decoded(std::string_view encoded) {
  constexpr std::size_t kQuantum = 4;
  if (encoded.size() % kQuantum == 1) return std::nullopt;
  std::string padded(encoded);
  std::replace(padded.begin(), padded.end(), '-', '+');
  std::replace(padded.begin(), padded.end(), '_', '/');
  const std::size_t padding = (kQuantum - encoded.size() % kQuantum) % kQuantum;
  padded.append(padding, '=');
  std::vector<unsigned char> bytes(padded.size() / kQuantum * 3);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL takes text as unsigned char
  const auto* text = reinterpret_cast<const unsigned char*>(padded.data());
  if (EVP_DecodeBlock(bytes.data(), text, static_cast<int>(padded.size())) < 0) return std::nullopt;
  bytes.resize(bytes.size() - padding);
  return std::string(bytes.begin(), bytes.end());
}

/// With a key, checks the signature; without, only reads. Null on any failure.
TokenPtr decode(const std::string& token, const Key* key) {
  jwt_t* raw = nullptr;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): libjwt takes key bytes as unsigned char
  const auto* bytes =
      key != nullptr ? reinterpret_cast<const unsigned char*>(key->material().data()) : nullptr;
  const int size = key != nullptr ? static_cast<int>(key->material().size()) : 0;
  const int failed = jwt_decode(&raw, token.c_str(), bytes, size);
  // What a refused signature leaves in this thread's queue would be taken for an error of its next TLS
  // connection.
  ERR_clear_error();
  return TokenPtr(failed == 0 ? raw : nullptr);
}

jwt_alg_t libjwt_name(Algorithm algorithm) noexcept {
  switch (algorithm) {
    case Algorithm::kHs256:
      return JWT_ALG_HS256;
    case Algorithm::kRs256:
      return JWT_ALG_RS256;
    case Algorithm::kEs256:
      return JWT_ALG_ES256;
  }
  return JWT_ALG_INVAL;
}

/// What an unverified header says.
struct Header {
  std::string algorithm;
  std::string kid;
};

AuthError malformed() { return {Kind::kMalformed, "not a JSON Web Token"}; }

std::string text_of(const json::Object& object, std::string_view name) {
  return json::string_value(object.find(name).value_or("")).value_or("");
}

Result<Header, AuthError> read_header(std::string_view encoded) {
  const auto text = decoded(encoded);
  if (!text) return Failure<AuthError>(malformed());
  const auto fields = json::parse_object(*text);
  if (!fields) return Failure<AuthError>(malformed());
  if (fields->find("crit"))
    return refuse(Kind::kMalformed, "the token's header demands an extension that is not understood");
  return Header{text_of(*fields, "alg"), text_of(*fields, "kid")};
}

bool fits(const Key& key, const std::string& kid) {
  return kid.empty() || key.kid().empty() || key.kid() == kid;
}

/// By one of the keys that have the algorithm and name of its header.
Result<void, AuthError> check_signature(const std::string& token, const Header& header,
                                        const std::vector<Key>& keys) {
  bool algorithm_known = false;
  bool key_known = false;
  for (const Key& key : keys) {
    if (name_of(key.algorithm()) != header.algorithm) continue;
    algorithm_known = true;
    if (!fits(key, header.kid)) continue;
    key_known = true;
    const TokenPtr verified = decode(token, &key);
    // libjwt chose how to verify by its own reading of the header; it must have read what we did.
    if (verified && jwt_get_alg(verified.get()) == libjwt_name(key.algorithm())) return {};
  }
  if (!algorithm_known) return refuse(Kind::kAlgorithm, "the token is not signed with an accepted algorithm");
  if (!key_known) return refuse(Kind::kUnknownKey, "the token names a key that is not known");
  // libjwt demands more of a token than we do: a `typ` of JWT, for instance.
  if (!decode(token, nullptr)) return Failure<AuthError>(malformed());
  return refuse(Kind::kSignature, "the token's signature is wrong");
}

/// Reads claims by name; remembers whether any had a wrong type.
class ClaimReader {
 public:
  explicit ClaimReader(const json::Object& object) : object_(object) {}

  std::string text(std::string_view name) {
    const auto raw = object_.find_value(name);
    if (!raw) return {};
    auto value = json::string_value(*raw);
    if (!value) wrong_ = true;
    return value ? *std::move(value) : std::string();
  }

  std::optional<std::int64_t> time(std::string_view name) {
    const auto raw = object_.find_value(name);
    if (!raw) return std::nullopt;
    const auto value = json::integer_value(*raw);
    if (!value || *value < -kMaxTime || *value > kMaxTime) wrong_ = true;
    return value;
  }

  std::vector<std::string> texts(std::string_view name) {
    const auto raw = object_.find_value(name);
    if (!raw) return {};
    auto values = json::strings_value(*raw);
    if (!values) wrong_ = true;
    return values ? *std::move(values) : std::vector<std::string>();
  }

  /// A list, or one string of words with blanks between them (RFC 8693, 4.2).
  std::vector<std::string> words(std::string_view name) {
    const auto raw = object_.find_value(name);
    if (!raw || !json::is_string(*raw)) return texts(name);
    const std::string line = text(name);
    std::vector<std::string> words;
    for (std::size_t start = 0; start < line.size();) {
      const std::size_t end = std::min(line.find(' ', start), line.size());
      if (end > start) words.push_back(line.substr(start, end - start));
      start = end + 1;
    }
    return words;
  }

  /// Whether the claim is this very string. Another type is another value.
  bool equals(std::string_view name, std::string_view expected) const {
    const auto raw = object_.find_value(name);
    return raw && json::string_value(*raw) == expected;
  }

  bool wrong() const noexcept { return wrong_; }

 private:
  const json::Object& object_;
  bool wrong_ = false;
};

/// Before the signature is checked: it has yet to be seen who says so.
Result<Claims, AuthError> read_claims(std::string_view encoded) {
  auto text = decoded(encoded);
  if (!text) return Failure<AuthError>(malformed());
  const auto object = json::parse_object(*text);
  if (!object)
    return refuse(Kind::kMalformed, "the token's claims are not a JSON object of reasonable depth");
  Claims claims;
  ClaimReader reader(*object);
  claims.jti = reader.text("jti");
  claims.sub = reader.text("sub");
  claims.user_id = reader.text("user_id");
  claims.app_id = reader.text("app_id");
  claims.client_id = reader.text("client_id");
  claims.exp = reader.time("exp");
  claims.nbf = reader.time("nbf");
  claims.iat = reader.time("iat");
  claims.aud = reader.texts("aud");
  claims.scope = reader.words("scope");
  claims.admin = reader.equals("tiledesk_api_roles", "admin");
  if (reader.wrong()) return refuse(Kind::kClaims, "a claim of the token has the wrong type");
  claims.json = *std::move(text);
  return claims;
}

}  // namespace

std::string_view code_of(AuthError::Kind kind) noexcept {
  switch (kind) {
    case Kind::kTooLarge:
      return "too_large";
    case Kind::kMalformed:
      return "malformed";
    case Kind::kAlgorithm:
      return "algorithm";
    case Kind::kUnknownKey:
      return "unknown_key";
    case Kind::kSignature:
      return "signature";
    case Kind::kExpired:
      return "expired";
    case Kind::kNoExpiry:
      return "no_expiry";
    case Kind::kNotYetValid:
      return "not_yet_valid";
    case Kind::kAudience:
      return "audience";
    case Kind::kClaims:
      return "claims";
    case Kind::kBadKey:
      return "bad_key";
  }
  return "unknown";
}

Verifier::Verifier(std::vector<Key> keys, VerifierSettings settings)
    : keys_(std::move(keys)), settings_(std::move(settings)) {
  settings_.leeway_seconds = std::clamp<std::int64_t>(settings_.leeway_seconds, 0, kMaxTime);
}

Result<Claims, AuthError> Verifier::verify(std::string_view token, std::int64_t now_seconds) const {
  if (token.size() > kMaxTokenBytes) return refuse(Kind::kTooLarge, "the token is too long");
  if (!has_token_shape(token)) return refuse(Kind::kMalformed, "not a JSON Web Token");
  const std::size_t claims_at = token.find('.') + 1;
  const std::size_t claims_end = token.rfind('.');
  const auto header = read_header(token.substr(0, claims_at - 1));
  if (!header) return Failure<AuthError>(header.error());
  auto claims = read_claims(token.substr(claims_at, claims_end - claims_at));
  if (!claims && claims.error().kind == Kind::kMalformed) return claims;
  if (const auto checked = check_signature(std::string(token), *header, keys_); !checked)
    return Failure<AuthError>(checked.error());
  // What else is wrong with claims is told only of those that somebody has signed.
  if (!claims) return claims;
  return check(*std::move(claims), now_seconds);
}

Result<Claims, AuthError> Verifier::check(Claims claims, std::int64_t now_seconds) const {
  const std::int64_t leeway = settings_.leeway_seconds;
  if (!claims.exp && settings_.require_expiry) return refuse(Kind::kNoExpiry, "the token names no expiry");
  if (claims.exp && now_seconds >= *claims.exp + leeway)
    return refuse(Kind::kExpired, "the token has expired");
  if (claims.nbf && now_seconds < *claims.nbf - leeway)
    return refuse(Kind::kNotYetValid, "the token is not valid yet");
  if (std::find(claims.aud.begin(), claims.aud.end(), settings_.audience) == claims.aud.end()) {
    return refuse(Kind::kAudience, "the token is for another audience");
  }
  return claims;
}

}  // namespace inboxd::auth
