#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "mqtt/reason.hpp"

/// The control packets of MQTT 3.1.1 and 5.0 as values. Section numbers are those of the OASIS standards;
/// where both versions have a packet, its number in 5.0.
namespace inboxd::mqtt {

enum class Version : std::uint8_t { k311 = 4, k5 = 5 };

enum class Qos : std::uint8_t { kAtMostOnce = 0, kAtLeastOnce = 1, kExactlyOnce = 2 };

/// Never 0 in a packet that carries one.
using PacketId = std::uint16_t;

/// Section 2.2.2: those of every packet in one place. A packet holds only what the standard allows it, which
/// the decoder checks. Always empty in 3.1.1.
struct Properties {
  std::optional<bool> payload_is_utf8;
  std::optional<std::uint32_t> message_expiry_seconds;
  std::optional<std::string> content_type;
  std::optional<std::string> response_topic;
  std::optional<std::string> correlation_data;
  std::vector<std::uint32_t> subscription_ids;  ///< a SUBSCRIBE has one at most
  std::optional<std::uint32_t> session_expiry_seconds;
  std::optional<std::string> assigned_client_id;
  std::optional<std::uint16_t> server_keep_alive;
  std::optional<std::string> authentication_method;
  std::optional<std::string> authentication_data;
  std::optional<bool> request_problem_information;
  std::optional<std::uint32_t> will_delay_seconds;
  std::optional<bool> request_response_information;
  std::optional<std::string> response_information;
  std::optional<std::string> server_reference;
  std::optional<std::string> reason_string;
  std::optional<std::uint16_t> receive_maximum;
  std::optional<std::uint16_t> topic_alias_maximum;
  std::optional<std::uint16_t> topic_alias;
  std::optional<std::uint8_t> maximum_qos;
  std::optional<bool> retain_available;
  std::vector<std::pair<std::string, std::string>> user_properties;  ///< in their order
  std::optional<std::uint32_t> maximum_packet_size;
  std::optional<bool> wildcard_subscription_available;
  std::optional<bool> subscription_ids_available;
  std::optional<bool> shared_subscription_available;

  friend bool operator==(const Properties&, const Properties&) = default;
};

struct Will {
  std::string topic;
  std::string payload;
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;
  Properties properties;

  friend bool operator==(const Will&, const Will&) = default;
};

struct Connect {
  Version version = Version::k311;
  bool clean_start = true;
  std::uint16_t keep_alive_seconds = 0;
  std::string client_id;
  std::optional<Will> will;
  std::optional<std::string> user_name;
  std::optional<std::string> password;
  Properties properties;

  friend bool operator==(const Connect&, const Connect&) = default;
};

struct Connack {
  bool session_present = false;
  Reason reason = Reason::kSuccess;
  Properties properties;

  friend bool operator==(const Connack&, const Connack&) = default;
};

struct Publish {
  std::string topic;  ///< empty where a topic alias stands for it
  std::string payload;
  Qos qos = Qos::kAtMostOnce;
  bool dup = false;
  bool retain = false;
  PacketId packet_id = 0;  ///< 0 for QoS 0
  Properties properties;

  friend bool operator==(const Publish&, const Publish&) = default;
};

/// PUBACK, PUBREC, PUBREL and PUBCOMP, which have one form.
struct Acknowledgement {
  enum class Kind : std::uint8_t { kPuback = 4, kPubrec = 5, kPubrel = 6, kPubcomp = 7 };
  Kind kind = Kind::kPuback;
  PacketId packet_id = 0;
  Reason reason = Reason::kSuccess;
  Properties properties;

  friend bool operator==(const Acknowledgement&, const Acknowledgement&) = default;
};

enum class RetainHandling : std::uint8_t { kSend = 0, kSendIfNew = 1, kDoNotSend = 2 };

/// One topic filter of a SUBSCRIBE (3.8.3.1). 3.1.1 has but the QoS.
struct Subscription {
  std::string filter;
  Qos qos = Qos::kAtMostOnce;
  bool no_local = false;
  bool retain_as_published = false;
  RetainHandling retain_handling = RetainHandling::kSend;

  friend bool operator==(const Subscription&, const Subscription&) = default;
};

struct Subscribe {
  PacketId packet_id = 0;
  std::vector<Subscription> subscriptions;  ///< one at least
  Properties properties;

  friend bool operator==(const Subscribe&, const Subscribe&) = default;
};

struct Suback {
  PacketId packet_id = 0;
  std::vector<Reason> reasons;
  Properties properties;

  friend bool operator==(const Suback&, const Suback&) = default;
};

struct Unsubscribe {
  PacketId packet_id = 0;
  std::vector<std::string> filters;  ///< one at least
  Properties properties;

  friend bool operator==(const Unsubscribe&, const Unsubscribe&) = default;
};

struct Unsuback {
  PacketId packet_id = 0;
  std::vector<Reason> reasons;  ///< not sent in 3.1.1
  Properties properties;

  friend bool operator==(const Unsuback&, const Unsuback&) = default;
};

struct Pingreq {
  friend bool operator==(const Pingreq&, const Pingreq&) = default;
};

struct Pingresp {
  friend bool operator==(const Pingresp&, const Pingresp&) = default;
};

struct Disconnect {
  Reason reason = Reason::kSuccess;
  Properties properties;

  friend bool operator==(const Disconnect&, const Disconnect&) = default;
};

/// 5.0 only.
struct Auth {
  Reason reason = Reason::kSuccess;
  Properties properties;

  friend bool operator==(const Auth&, const Auth&) = default;
};

using Packet = std::variant<Connect, Connack, Publish, Acknowledgement, Subscribe, Suback, Unsubscribe,
                            Unsuback, Pingreq, Pingresp, Disconnect, Auth>;

}  // namespace inboxd::mqtt
