#include <array>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "mqtt/properties_codec.hpp"
#include "mqtt/topic.hpp"

namespace inboxd::mqtt {
namespace {

constexpr unsigned at(std::initializer_list<Place> places) noexcept {
  unsigned set = 0;
  for (const Place place : places) set |= static_cast<unsigned>(place);
  return set;
}

/// Table 2-4; none for what is no property.
constexpr unsigned places_of(PropertyId id) noexcept {
  switch (id) {
    case PropertyId::kPayloadFormatIndicator:
    case PropertyId::kMessageExpiryInterval:
    case PropertyId::kContentType:
    case PropertyId::kResponseTopic:
    case PropertyId::kCorrelationData:
      return at({Place::kPublish, Place::kWill});
    case PropertyId::kSubscriptionIdentifier:
      return at({Place::kPublish, Place::kSubscribe});
    case PropertyId::kSessionExpiryInterval:
      return at({Place::kConnect, Place::kConnack, Place::kDisconnect});
    case PropertyId::kAuthenticationMethod:
    case PropertyId::kAuthenticationData:
      return at({Place::kConnect, Place::kConnack, Place::kAuth});
    case PropertyId::kRequestProblemInformation:
    case PropertyId::kRequestResponseInformation:
      return at({Place::kConnect});
    case PropertyId::kWillDelayInterval:
      return at({Place::kWill});
    case PropertyId::kServerReference:
      return at({Place::kConnack, Place::kDisconnect});
    case PropertyId::kReasonString:
      return at({Place::kConnack, Place::kAcknowledgement, Place::kDisconnect, Place::kAuth});
    case PropertyId::kReceiveMaximum:
    case PropertyId::kTopicAliasMaximum:
    case PropertyId::kMaximumPacketSize:
      return at({Place::kConnect, Place::kConnack});
    case PropertyId::kTopicAlias:
      return at({Place::kPublish});
    case PropertyId::kAssignedClientIdentifier:
    case PropertyId::kServerKeepAlive:
    case PropertyId::kResponseInformation:
    case PropertyId::kMaximumQos:
    case PropertyId::kRetainAvailable:
    case PropertyId::kWildcardSubscriptionAvailable:
    case PropertyId::kSubscriptionIdentifiersAvailable:
    case PropertyId::kSharedSubscriptionAvailable:
      return at({Place::kConnack});
    case PropertyId::kUserProperty:
      return at({Place::kConnect, Place::kWill, Place::kConnack, Place::kPublish, Place::kAcknowledgement,
                 Place::kSubscribe, Place::kUnsubscribe, Place::kDisconnect, Place::kAuth});
  }
  return 0;
}

/// Reads the value of one property into the member that it is for.
class ValueReader {
 public:
  ValueReader(Reader& reader, PropertyId wanted, Place place) noexcept
      : reader_(reader), wanted_(wanted), place_(place) {}

  template <class Member>
  void operator()(PropertyId id, Member& member) {
    if (id == wanted_) read(member);
  }

 private:
  template <class T>
  void read(std::optional<T>& member) {
    if (member) return refuse("2.2.2.2", "a property given twice");
    T value{};
    read_value(value);
    member = std::move(value);
  }

  void read(std::vector<std::uint32_t>& ids) {
    if (place_ == Place::kSubscribe && !ids.empty()) return refuse("3.8.2.1.2", "two subscription ids");
    const std::uint32_t id = reader_.varint();
    if (id == 0) return refuse("3.8.2.1.2", "a subscription id of 0");
    ids.push_back(id);
  }

  void read(std::vector<std::pair<std::string, std::string>>& properties) {
    const std::string_view name = reader_.text();
    properties.emplace_back(name, reader_.text());
  }

  void read_value(bool& value) {
    const std::uint8_t byte = reader_.byte();
    if (byte > 1) return refuse("2.2.2.2", "a property that is neither 0 nor 1");
    value = byte == 1;
  }

  /// Of Maximum QoS alone.
  void read_value(std::uint8_t& value) {
    value = reader_.byte();
    if (value > 1) refuse("3.2.2.3.4", "a maximum QoS that is neither 0 nor 1");
  }

  void read_value(std::uint16_t& value) {
    value = reader_.two_bytes();
    if (value != 0) return;
    if (wanted_ == PropertyId::kReceiveMaximum) refuse("3.1.2.11.3", "a receive maximum of 0");
    if (wanted_ == PropertyId::kTopicAlias) {
      reader_.fail({Reason::kTopicAliasInvalid, "MQTT-3.3.2-8", "a topic alias of 0"});
    }
  }

  void read_value(std::uint32_t& value) {
    value = reader_.four_bytes();
    const bool needs_value = wanted_ == PropertyId::kMaximumPacketSize;
    if (value == 0 && needs_value) refuse("3.1.2.11.4", "a maximum packet size of 0");
  }

  void read_value(std::string& value) {
    const bool binary = wanted_ == PropertyId::kCorrelationData || wanted_ == PropertyId::kAuthenticationData;
    value = binary ? reader_.binary() : reader_.text();
    if (wanted_ != PropertyId::kResponseTopic) return;
    if (has_wildcards(value)) refuse("MQTT-3.3.2-14", "a response topic with wildcards");
    if (value.empty()) refuse("MQTT-4.7.3-1", "an empty response topic");
  }

  void refuse(std::string_view clause, std::string_view detail) noexcept {
    reader_.fail({Reason::kProtocolError, clause, detail});
  }

  Reader& reader_;
  PropertyId wanted_;
  Place place_;
};

}  // namespace

void read_properties(Reader& reader, Place place, Properties& properties) {
  Reader block(reader.take(reader.varint()));
  while (!block.empty()) {
    // All identifiers are below 128, so that a byte is the whole of one.
    const auto id = static_cast<PropertyId>(block.byte());
    if ((places_of(id) & static_cast<unsigned>(place)) == 0) {
      block.fail({Reason::kMalformedPacket, "2.2.2.2", "a property that does not belong in this packet"});
    } else {
      visit_properties(properties, ValueReader(block, id, place));
    }
  }
  if (!block.ok()) reader.fail(block.error());
}

}  // namespace inboxd::mqtt
