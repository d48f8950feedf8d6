#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "auth/jwt.hpp"

/// The input is taken for a whole token, and again for the header (its first line) and claims (the rest) of a
/// token that is rightly signed, so that what lies behind the signature is reached as well.
namespace {

using namespace inboxd::auth;

constexpr std::string_view kSecret = "a secret of more than thirty-two bytes";

std::string base64url(const unsigned char* bytes, std::size_t size) {
  std::string text(size / 3 * 4 + 8, '\0');
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL writes bytes
  auto* out = reinterpret_cast<unsigned char*>(text.data());
  text.resize(static_cast<std::size_t>(EVP_EncodeBlock(out, bytes, static_cast<int>(size))));
  while (!text.empty() && text.back() == '=') text.pop_back();
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return text;
}

// NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL reads bytes
const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string signed_token(std::string_view header, std::string_view claims) {
  std::string token =
      base64url(bytes_of(header), header.size()) + "." + base64url(bytes_of(claims), claims.size());
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  HMAC(EVP_sha256(), kSecret.data(), static_cast<int>(kSecret.size()), bytes_of(token), token.size(),
       mac.data(), &size);
  return token + "." + base64url(mac.data(), size);
}

/// Whoever passes must have had an expiry ahead and the right audience.
void check(const Verifier& verifier, std::string_view token) {
  constexpr std::int64_t kNow = 1'700'000'000;
  const auto claims = verifier.verify(token, kNow);
  if (claims && (!claims->exp || *claims->exp <= kNow || claims->aud.empty())) __builtin_trap();
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Verifier verifier({Key::hs256(std::string(kSecret)).value()});
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): libFuzzer hands over bytes
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check(verifier, input);
  const std::size_t line = std::min(input.find('\n'), input.size());
  const std::string_view rest = line < input.size() ? input.substr(line + 1) : std::string_view();
  check(verifier, signed_token(input.substr(0, line), rest));
  check(verifier, signed_token(R"({"alg":"HS256","typ":"JWT"})", input));
  return 0;
}
