#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "auth/error.hpp"
#include "core/result.hpp"

namespace inboxd::auth {

enum class Algorithm { kHs256, kRs256, kEs256 };

/// As a token's header spells it, e.g. `HS256`.
std::string_view name_of(Algorithm algorithm) noexcept;

/// One key that tokens are checked with. It fixes the algorithm; a token's header has no say in that.
class Key {
 public:
  /// A shared secret of any length but zero; is_weak() tells short ones. A PEM text is refused: a public key
  /// taken for a secret would let everybody sign.
  static Result<Key, AuthError> hs256(std::string secret, std::string kid = {});
  /// A public RSA key of at least 2,048 bits.
  static Result<Key, AuthError> rs256(std::string public_pem, std::string kid = {});
  /// A public key on the curve P-256.
  static Result<Key, AuthError> es256(std::string public_pem, std::string kid = {});

  Algorithm algorithm() const noexcept { return algorithm_; }
  /// The secret, or the public key as PEM.
  const std::string& material() const noexcept { return material_; }
  /// The name that tokens may call it by in their header; empty if it has none, and then any name will do.
  const std::string& kid() const noexcept { return kid_; }

 private:
  Key(Algorithm algorithm, std::string material, std::string kid)
      : algorithm_(algorithm), material_(std::move(material)), kid_(std::move(kid)) {}

  Algorithm algorithm_;
  std::string material_;
  std::string kid_;
};

/// HS256 is as strong as its secret, up to this length (RFC 7518, 3.2).
inline constexpr std::size_t kMinSecretBytes = 32;

/// Whether the secret is one that everybody knows: the ecosystem's default, or the example of its
/// documentation.
bool is_public_default(std::string_view secret) noexcept;

/// Whether the secret is shorter than kMinSecretBytes.
bool is_weak(std::string_view secret) noexcept;

}  // namespace inboxd::auth
