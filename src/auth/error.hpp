#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/result.hpp"

namespace inboxd::auth {

/// Why a token, or a key for tokens, is not accepted. `message` is for people and never quotes the token or a
/// key.
struct AuthError {
  enum class Kind {
    kTooLarge,   ///< longer than kMaxTokenBytes
    kMalformed,  ///< not three parts of base64url over JSON objects, or with a header that must be understood
    kAlgorithm,  ///< names an algorithm that no configured key has, `none` included
    kUnknownKey,   ///< names a key id that no configured key has
    kSignature,    ///< was not signed with the key
    kExpired,      ///< its time is over
    kNoExpiry,     ///< would be good for ever
    kNotYetValid,  ///< its time has not come
    kAudience,     ///< is not meant for this service
    kClaims,       ///< a claim has a type that it must not have
    kBadKey,       ///< the key itself cannot be used
  };

  Kind kind;
  std::string message;
};

/// Such an error, to return.
inline Failure<AuthError> refuse(AuthError::Kind kind, std::string message) {
  return Failure<AuthError>(AuthError{kind, std::move(message)});
}

/// A stable name of a kind for logs and metrics, e.g. `expired`.
std::string_view code_of(AuthError::Kind kind) noexcept;

}  // namespace inboxd::auth
