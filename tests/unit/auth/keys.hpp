#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

/// Keys and tokens made at test time, well-formed or not.
namespace inboxd::auth::testing {

struct FreeKeyPair {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using KeyPair = std::unique_ptr<EVP_PKEY, FreeKeyPair>;

KeyPair make_rsa(unsigned bits);
KeyPair make_ec(const char* curve);
std::string public_pem(const KeyPair& key);
std::string private_pem(const KeyPair& key);

std::string base64url(std::string_view bytes);

/// A token with this header and these claims as they are, its signature HMAC-SHA256 with `secret`.
std::string hmac_token(std::string_view header, std::string_view claims, std::string_view secret);

/// The same by libjwt, with `algorithm` one of HS256, RS256, ES256 and the others that it knows.
std::string signed_token(const std::string& algorithm, const std::string& claims, const std::string& key,
                         const std::string& kid = {});

}  // namespace inboxd::auth::testing
