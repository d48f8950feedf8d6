#include "mqtt/reason_codes.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

namespace inboxd::mqtt {
namespace {

bool is_one_of(Reason reason, std::initializer_list<Reason> reasons) noexcept {
  return std::find(reasons.begin(), reasons.end(), reason) != reasons.end();
}

/// 3.2.2.2
bool is_connack_reason(Reason reason) noexcept {
  return is_one_of(reason, {Reason::kSuccess,
                            Reason::kUnspecifiedError,
                            Reason::kMalformedPacket,
                            Reason::kProtocolError,
                            Reason::kImplementationSpecificError,
                            Reason::kUnsupportedProtocolVersion,
                            Reason::kClientIdentifierNotValid,
                            Reason::kBadUserNameOrPassword,
                            Reason::kNotAuthorized,
                            Reason::kServerUnavailable,
                            Reason::kServerBusy,
                            Reason::kBanned,
                            Reason::kBadAuthenticationMethod,
                            Reason::kTopicNameInvalid,
                            Reason::kPacketTooLarge,
                            Reason::kQuotaExceeded,
                            Reason::kPayloadFormatInvalid,
                            Reason::kRetainNotSupported,
                            Reason::kQosNotSupported,
                            Reason::kUseAnotherServer,
                            Reason::kServerMoved,
                            Reason::kConnectionRateExceeded});
}

/// 3.4.2.1 and 3.5.2.1
bool is_receipt_reason(Reason reason) noexcept {
  return is_one_of(reason,
                   {Reason::kSuccess, Reason::kNoMatchingSubscribers, Reason::kUnspecifiedError,
                    Reason::kImplementationSpecificError, Reason::kNotAuthorized, Reason::kTopicNameInvalid,
                    Reason::kPacketIdentifierInUse, Reason::kQuotaExceeded, Reason::kPayloadFormatInvalid});
}

/// 3.9.3
bool is_suback_reason(Reason reason) noexcept {
  return is_one_of(
      reason,
      {Reason::kSuccess, Reason::kGrantedQos1, Reason::kGrantedQos2, Reason::kUnspecifiedError,
       Reason::kImplementationSpecificError, Reason::kNotAuthorized, Reason::kTopicFilterInvalid,
       Reason::kPacketIdentifierInUse, Reason::kQuotaExceeded, Reason::kSharedSubscriptionsNotSupported,
       Reason::kSubscriptionIdentifiersNotSupported, Reason::kWildcardSubscriptionsNotSupported});
}

/// 3.11.3
bool is_unsuback_reason(Reason reason) noexcept {
  return is_one_of(reason, {Reason::kSuccess, Reason::kNoSubscriptionExisted, Reason::kUnspecifiedError,
                            Reason::kImplementationSpecificError, Reason::kNotAuthorized,
                            Reason::kTopicFilterInvalid, Reason::kPacketIdentifierInUse});
}

/// 3.14.2.1: what either side may send.
bool is_disconnect_reason_of_both(Reason reason) noexcept {
  return is_one_of(
      reason,
      {Reason::kSuccess, Reason::kUnspecifiedError, Reason::kMalformedPacket, Reason::kProtocolError,
       Reason::kImplementationSpecificError, Reason::kTopicNameInvalid, Reason::kReceiveMaximumExceeded,
       Reason::kTopicAliasInvalid, Reason::kPacketTooLarge, Reason::kMessageRateTooHigh,
       Reason::kQuotaExceeded, Reason::kAdministrativeAction, Reason::kPayloadFormatInvalid});
}

/// 3.14.2.1, and what 4.12.1 adds for an authentication that fails.
bool is_disconnect_reason_of_servers(Reason reason) noexcept {
  return is_one_of(
      reason, {Reason::kNotAuthorized, Reason::kServerBusy, Reason::kServerShuttingDown,
               Reason::kBadAuthenticationMethod, Reason::kKeepAliveTimeout, Reason::kSessionTakenOver,
               Reason::kTopicFilterInvalid, Reason::kRetainNotSupported, Reason::kQosNotSupported,
               Reason::kUseAnotherServer, Reason::kServerMoved, Reason::kSharedSubscriptionsNotSupported,
               Reason::kConnectionRateExceeded, Reason::kMaximumConnectTime,
               Reason::kSubscriptionIdentifiersNotSupported, Reason::kWildcardSubscriptionsNotSupported});
}

bool is_disconnect_reason(Reason reason, Role receiver) noexcept {
  if (is_disconnect_reason_of_both(reason)) return true;
  return receiver == Role::kServer ? reason == Reason::kDisconnectWithWill
                                   : is_disconnect_reason_of_servers(reason);
}

/// 3.15.2.1
bool is_auth_reason(Reason reason, Role receiver) noexcept {
  if (reason == Reason::kContinueAuthentication) return true;
  return reason == (receiver == Role::kServer ? Reason::kReAuthenticate : Reason::kSuccess);
}

constexpr std::array kConnackCodes311 = {
    std::pair{Reason::kSuccess, 0},
    std::pair{Reason::kUnsupportedProtocolVersion, 1},
    std::pair{Reason::kClientIdentifierNotValid, 2},
    std::pair{Reason::kServerUnavailable, 3},
    std::pair{Reason::kBadUserNameOrPassword, 4},
    std::pair{Reason::kNotAuthorized, 5},
};

/// The reason of those above that a client of 3.1.1 best takes another for.
Reason nearest_311(Reason reason) noexcept {
  if (reason == Reason::kBadAuthenticationMethod) return Reason::kBadUserNameOrPassword;
  if (reason == Reason::kBanned) return Reason::kNotAuthorized;
  return Reason::kServerUnavailable;
}

}  // namespace

bool may_carry(Kind kind, Reason reason, Role receiver) noexcept {
  switch (kind) {
    case Kind::kConnack:
      return is_connack_reason(reason);
    case Kind::kPuback:
    case Kind::kPubrec:
      return is_receipt_reason(reason);
    case Kind::kPubrel:
    case Kind::kPubcomp:
      return is_one_of(reason, {Reason::kSuccess, Reason::kPacketIdentifierNotFound});
    case Kind::kSuback:
      return is_suback_reason(reason);
    case Kind::kUnsuback:
      return is_unsuback_reason(reason);
    case Kind::kDisconnect:
      return is_disconnect_reason(reason, receiver);
    case Kind::kAuth:
      return is_auth_reason(reason, receiver);
    default:
      return false;
  }
}

std::uint8_t connack_code_311(Reason reason) noexcept {
  for (const auto& [known, code] : kConnackCodes311) {
    if (known == reason) return static_cast<std::uint8_t>(code);
  }
  return connack_code_311(nearest_311(reason));
}

std::optional<Reason> reason_of_connack_311(std::uint8_t code) noexcept {
  for (const auto& [reason, known] : kConnackCodes311) {
    if (known == code) return reason;
  }
  return std::nullopt;
}

std::uint8_t suback_code_311(Reason reason) noexcept {
  return static_cast<std::uint8_t>(is_error(reason) ? Reason::kUnspecifiedError : reason);
}

bool is_suback_code_311(std::uint8_t code) noexcept {
  return code <= static_cast<std::uint8_t>(Reason::kGrantedQos2) ||
         code == static_cast<std::uint8_t>(Reason::kUnspecifiedError);
}

}  // namespace inboxd::mqtt
