#include "mqtt/authenticator.hpp"

namespace inboxd::mqtt {

Result<Identity, std::string> Authenticator::authenticate(std::string_view token,
                                                          std::int64_t now_seconds) const {
  if (!verifier_) return Identity{Access::unrestricted(), std::nullopt};
  const auto claims = verifier_->verify(token, now_seconds);
  if (!claims) return Failure<std::string>(claims.error().message);
  auto access = Access::of(*claims, context_);
  if (!access) return Failure<std::string>(std::move(access.error()));
  return Identity{*std::move(access), claims->exp};
}

}  // namespace inboxd::mqtt
