#include "auth/key.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <climits>
#include <memory>
#include <utility>

namespace inboxd::auth {
namespace {

using Kind = AuthError::Kind;

constexpr int kMinRsaBits = 2048;

struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeKey>;

Failure<AuthError> bad_key(std::string message) { return refuse(Kind::kBadKey, std::move(message)); }

KeyPtr read_public(const std::string& pem) {
  if (pem.size() > INT_MAX) return nullptr;
  const std::unique_ptr<BIO, FreeBio> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  KeyPtr key(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  ERR_clear_error();
  return key;
}

bool is_p256(const EVP_PKEY* key) {
  std::array<char, 64> name{};
  std::size_t size = 0;
  return EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) == 1 &&
         std::string_view(name.data(), size) == "prime256v1";
}

}  // namespace

std::string_view name_of(Algorithm algorithm) noexcept {
  switch (algorithm) {
    case Algorithm::kHs256:
      return "HS256";
    case Algorithm::kRs256:
      return "RS256";
    case Algorithm::kEs256:
      return "ES256";
  }
  return "";
}

Result<Key, AuthError> Key::hs256(std::string secret, std::string kid) {
  if (secret.empty()) return bad_key("the secret is empty");
  if (secret.size() > INT_MAX) return bad_key("the secret is too long");
  if (secret.find("-----BEGIN ") != std::string::npos) {
    return bad_key("the secret is a PEM text: a public key must not serve as a shared secret");
  }
  return Key(Algorithm::kHs256, std::move(secret), std::move(kid));
}

Result<Key, AuthError> Key::rs256(std::string public_pem, std::string kid) {
  const KeyPtr key = read_public(public_pem);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
    return bad_key("not a public RSA key in PEM form");
  if (EVP_PKEY_get_bits(key.get()) < kMinRsaBits) return bad_key("the RSA key has fewer than 2048 bits");
  return Key(Algorithm::kRs256, std::move(public_pem), std::move(kid));
}

Result<Key, AuthError> Key::es256(std::string public_pem, std::string kid) {
  const KeyPtr key = read_public(public_pem);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_EC || !is_p256(key.get())) {
    return bad_key("not a public key on the curve P-256 in PEM form");
  }
  return Key(Algorithm::kEs256, std::move(public_pem), std::move(kid));
}

bool is_public_default(std::string_view secret) noexcept {
  return secret == "tokenKey" || secret == "your_jwt_secret_key";
}

bool is_weak(std::string_view secret) noexcept { return secret.size() < kMinSecretBytes; }

}  // namespace inboxd::auth
