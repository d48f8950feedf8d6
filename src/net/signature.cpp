#include "net/signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

namespace inboxd::net {

std::string signature_of(const std::string& secret, std::int64_t unix_seconds, std::string_view body) {
  const std::string time = std::to_string(unix_seconds);
  std::string text = time + ".";
  text.append(body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
           &size) == nullptr) {
    throw std::runtime_error("HMAC-SHA256 failed");
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string header = "t=" + time + ",v1=";
  for (unsigned int i = 0; i < size; ++i) {
    header += kDigits[digest[i] >> 4U];
    header += kDigits[digest[i] & 0xFU];
  }
  return header;
}

}  // namespace inboxd::net
