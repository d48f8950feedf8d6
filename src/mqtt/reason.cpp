#include "mqtt/reason.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace inboxd::mqtt {
namespace {

constexpr std::array kNames = {
    std::pair{Reason::kSuccess, "success"},
    std::pair{Reason::kGrantedQos1, "granted_qos_1"},
    std::pair{Reason::kGrantedQos2, "granted_qos_2"},
    std::pair{Reason::kDisconnectWithWill, "disconnect_with_will"},
    std::pair{Reason::kNoMatchingSubscribers, "no_matching_subscribers"},
    std::pair{Reason::kNoSubscriptionExisted, "no_subscription_existed"},
    std::pair{Reason::kContinueAuthentication, "continue_authentication"},
    std::pair{Reason::kReAuthenticate, "re_authenticate"},
    std::pair{Reason::kUnspecifiedError, "unspecified_error"},
    std::pair{Reason::kMalformedPacket, "malformed_packet"},
    std::pair{Reason::kProtocolError, "protocol_error"},
    std::pair{Reason::kImplementationSpecificError, "implementation_specific_error"},
    std::pair{Reason::kUnsupportedProtocolVersion, "unsupported_protocol_version"},
    std::pair{Reason::kClientIdentifierNotValid, "client_identifier_not_valid"},
    std::pair{Reason::kBadUserNameOrPassword, "bad_user_name_or_password"},
    std::pair{Reason::kNotAuthorized, "not_authorized"},
    std::pair{Reason::kServerUnavailable, "server_unavailable"},
    std::pair{Reason::kServerBusy, "server_busy"},
    std::pair{Reason::kBanned, "banned"},
    std::pair{Reason::kServerShuttingDown, "server_shutting_down"},
    std::pair{Reason::kBadAuthenticationMethod, "bad_authentication_method"},
    std::pair{Reason::kKeepAliveTimeout, "keep_alive_timeout"},
    std::pair{Reason::kSessionTakenOver, "session_taken_over"},
    std::pair{Reason::kTopicFilterInvalid, "topic_filter_invalid"},
    std::pair{Reason::kTopicNameInvalid, "topic_name_invalid"},
    std::pair{Reason::kPacketIdentifierInUse, "packet_identifier_in_use"},
    std::pair{Reason::kPacketIdentifierNotFound, "packet_identifier_not_found"},
    std::pair{Reason::kReceiveMaximumExceeded, "receive_maximum_exceeded"},
    std::pair{Reason::kTopicAliasInvalid, "topic_alias_invalid"},
    std::pair{Reason::kPacketTooLarge, "packet_too_large"},
    std::pair{Reason::kMessageRateTooHigh, "message_rate_too_high"},
    std::pair{Reason::kQuotaExceeded, "quota_exceeded"},
    std::pair{Reason::kAdministrativeAction, "administrative_action"},
    std::pair{Reason::kPayloadFormatInvalid, "payload_format_invalid"},
    std::pair{Reason::kRetainNotSupported, "retain_not_supported"},
    std::pair{Reason::kQosNotSupported, "qos_not_supported"},
    std::pair{Reason::kUseAnotherServer, "use_another_server"},
    std::pair{Reason::kServerMoved, "server_moved"},
    std::pair{Reason::kSharedSubscriptionsNotSupported, "shared_subscriptions_not_supported"},
    std::pair{Reason::kConnectionRateExceeded, "connection_rate_exceeded"},
    std::pair{Reason::kMaximumConnectTime, "maximum_connect_time"},
    std::pair{Reason::kSubscriptionIdentifiersNotSupported, "subscription_identifiers_not_supported"},
    std::pair{Reason::kWildcardSubscriptionsNotSupported, "wildcard_subscriptions_not_supported"},
};

}  // namespace

std::string_view name_of(Reason reason) noexcept {
  const auto* const found =
      std::find_if(kNames.begin(), kNames.end(), [&](const auto& named) { return named.first == reason; });
  return found == kNames.end() ? "unknown" : found->second;
}

}  // namespace inboxd::mqtt
