#include "unit/auth/keys.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <stdexcept>

#include "auth/token_ptr.hpp"

namespace inboxd::auth::testing {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, FreeBio>;

std::string text_of(const BioPtr& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

// NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): C interfaces over bytes
const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

KeyPair make_rsa(unsigned bits) { return KeyPair(EVP_RSA_gen(bits)); }
KeyPair make_ec(const char* curve) { return KeyPair(EVP_EC_gen(curve)); }

std::string public_pem(const KeyPair& key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(bio.get(), key.get());
  return text_of(bio);
}

std::string private_pem(const KeyPair& key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio);
}

std::string base64url(std::string_view bytes) {
  std::string text(bytes.size() * 4 / 3 + 5, '\0');
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): C interfaces over bytes
  auto* out = reinterpret_cast<unsigned char*>(text.data());
  text.resize(
      static_cast<std::size_t>(EVP_EncodeBlock(out, bytes_of(bytes), static_cast<int>(bytes.size()))));
  while (!text.empty() && text.back() == '=') text.pop_back();
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return text;
}

std::string hmac_token(std::string_view header, std::string_view claims, std::string_view secret) {
  const std::string head = base64url(header) + "." + base64url(claims);
  std::array<char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): C interfaces over bytes
  auto* out = reinterpret_cast<unsigned char*>(mac.data());
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes_of(head), head.size(), out, &size);
  return head + "." + base64url({mac.data(), size});
}

std::string signed_token(const std::string& algorithm, const std::string& claims, const std::string& key,
                         const std::string& kid) {
  jwt_t* raw = nullptr;
  if (jwt_new(&raw) != 0) throw std::bad_alloc();
  const TokenPtr token(raw);
  const bool made =
      jwt_set_alg(raw, jwt_str_alg(algorithm.c_str()), bytes_of(key), static_cast<int>(key.size())) == 0 &&
      (kid.empty() || jwt_add_header(raw, "kid", kid.c_str()) == 0) &&
      jwt_add_grants_json(raw, claims.c_str()) == 0;
  const TextPtr text(made ? jwt_encode_str(raw) : nullptr);
  if (!text) throw std::runtime_error("cannot sign a test token with " + algorithm);
  return text.get();
}

}  // namespace inboxd::auth::testing
