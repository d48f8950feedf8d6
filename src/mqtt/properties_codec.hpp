#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "mqtt/packet.hpp"
#include "mqtt/reader.hpp"

/// Section 2.2.2.
namespace inboxd::mqtt {

/// Table 2-4.
enum class PropertyId : std::uint8_t {
  kPayloadFormatIndicator = 1,
  kMessageExpiryInterval = 2,
  kContentType = 3,
  kResponseTopic = 8,
  kCorrelationData = 9,
  kSubscriptionIdentifier = 11,
  kSessionExpiryInterval = 17,
  kAssignedClientIdentifier = 18,
  kServerKeepAlive = 19,
  kAuthenticationMethod = 21,
  kAuthenticationData = 22,
  kRequestProblemInformation = 23,
  kWillDelayInterval = 24,
  kRequestResponseInformation = 25,
  kResponseInformation = 26,
  kServerReference = 28,
  kReasonString = 31,
  kReceiveMaximum = 33,
  kTopicAliasMaximum = 34,
  kTopicAlias = 35,
  kMaximumQos = 36,
  kRetainAvailable = 37,
  kUserProperty = 38,
  kMaximumPacketSize = 39,
  kWildcardSubscriptionAvailable = 40,
  kSubscriptionIdentifiersAvailable = 41,
  kSharedSubscriptionAvailable = 42,
};

/// Where properties stand.
enum class Place : std::uint16_t {
  kConnect = 1U << 0U,
  kWill = 1U << 1U,
  kConnack = 1U << 2U,
  kPublish = 1U << 3U,
  kAcknowledgement = 1U << 4U,  ///< PUBACK to PUBCOMP, SUBACK and UNSUBACK, whose properties are the same
  kSubscribe = 1U << 5U,
  kUnsubscribe = 1U << 6U,
  kDisconnect = 1U << 7U,
  kAuth = 1U << 8U,
};

/// Reads those at the reader's front, their length before them, into empty ones: such as may stand there,
/// each at most once, of a value within its bounds.
void read_properties(Reader& reader, Place place, Properties& properties);

/// Without the length before them; that length is properties_bytes().
void put_properties(const Properties& properties, std::string& out);
std::size_t properties_bytes(const Properties& properties);

/// The one list of which property is which member: calls `visit(id, member)` for all of them.
template <class P, class Visit>
void visit_properties(P& properties, Visit visit) {
  visit(PropertyId::kPayloadFormatIndicator, properties.payload_is_utf8);
  visit(PropertyId::kMessageExpiryInterval, properties.message_expiry_seconds);
  visit(PropertyId::kContentType, properties.content_type);
  visit(PropertyId::kResponseTopic, properties.response_topic);
  visit(PropertyId::kCorrelationData, properties.correlation_data);
  visit(PropertyId::kSubscriptionIdentifier, properties.subscription_ids);
  visit(PropertyId::kSessionExpiryInterval, properties.session_expiry_seconds);
  visit(PropertyId::kAssignedClientIdentifier, properties.assigned_client_id);
  visit(PropertyId::kServerKeepAlive, properties.server_keep_alive);
  visit(PropertyId::kAuthenticationMethod, properties.authentication_method);
  visit(PropertyId::kAuthenticationData, properties.authentication_data);
  visit(PropertyId::kRequestProblemInformation, properties.request_problem_information);
  visit(PropertyId::kWillDelayInterval, properties.will_delay_seconds);
  visit(PropertyId::kRequestResponseInformation, properties.request_response_information);
  visit(PropertyId::kResponseInformation, properties.response_information);
  visit(PropertyId::kServerReference, properties.server_reference);
  visit(PropertyId::kReasonString, properties.reason_string);
  visit(PropertyId::kReceiveMaximum, properties.receive_maximum);
  visit(PropertyId::kTopicAliasMaximum, properties.topic_alias_maximum);
  visit(PropertyId::kTopicAlias, properties.topic_alias);
  visit(PropertyId::kMaximumQos, properties.maximum_qos);
  visit(PropertyId::kRetainAvailable, properties.retain_available);
  visit(PropertyId::kUserProperty, properties.user_properties);
  visit(PropertyId::kMaximumPacketSize, properties.maximum_packet_size);
  visit(PropertyId::kWildcardSubscriptionAvailable, properties.wildcard_subscription_available);
  visit(PropertyId::kSubscriptionIdentifiersAvailable, properties.subscription_ids_available);
  visit(PropertyId::kSharedSubscriptionAvailable, properties.shared_subscription_available);
}

}  // namespace inboxd::mqtt
