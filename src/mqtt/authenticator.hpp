#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/jwt.hpp"
#include "core/result.hpp"
#include "mqtt/access.hpp"

namespace inboxd::mqtt {

/// Who a client is, and until when.
struct Identity {
  Access access;
  std::optional<std::int64_t> expires_at;  ///< seconds since the epoch
};

/// Says who a client is by his token (PROTOCOL 10). Immutable: one serves all threads.
class Authenticator {
 public:
  /// The MQTT 5 authentication method whose data is a token.
  static constexpr std::string_view kMethod = "JWT";

  /// Everybody may do everything: for testing protocols.
  Authenticator() = default;
  Authenticator(auth::Verifier verifier, std::shared_ptr<const AccessContext> context)
      : verifier_(std::move(verifier)), context_(std::move(context)) {}

  /// The error is for logs, and quotes nothing of the token.
  Result<Identity, std::string> authenticate(std::string_view token, std::int64_t now_seconds) const;

 private:
  std::optional<auth::Verifier> verifier_;  ///< nothing: everybody is welcome
  std::shared_ptr<const AccessContext> context_;
};

}  // namespace inboxd::mqtt
