#include "mqtt/message.hpp"

#include "mqtt/decoder.hpp"
#include "mqtt/encoder.hpp"

namespace inboxd::mqtt {
namespace {

constexpr std::string_view kAnyTopic = "-";

std::size_t weight_of(const Properties& properties) noexcept {
  std::size_t bytes = sizeof(Properties);
  for (const auto* text :
       {&properties.content_type, &properties.response_topic, &properties.correlation_data}) {
    if (*text) bytes += (*text)->size();
  }
  for (const auto& [name, value] : properties.user_properties) {
    bytes += sizeof(std::pair<std::string, std::string>) + name.size() + value.size();
  }
  return bytes;
}

}  // namespace

std::size_t Message::bytes() const noexcept {
  return topic.size() + payload->size() + (properties ? weight_of(*properties) : 0);
}

std::shared_ptr<const Properties> forwarded(const Properties& published) {
  Properties kept;
  kept.payload_is_utf8 = published.payload_is_utf8;
  kept.content_type = published.content_type;
  kept.response_topic = published.response_topic;
  kept.correlation_data = published.correlation_data;
  kept.user_properties = published.user_properties;
  return kept == Properties{} ? nullptr : std::make_shared<const Properties>(std::move(kept));
}

MessagePtr message_of(std::string topic, std::string payload, Qos qos, bool retain,
                      const Properties& properties, Millis now) {
  const auto expiry = properties.message_expiry_seconds;
  return std::make_shared<const Message>(
      Message{.topic = std::move(topic),
              .payload = std::make_shared<const std::string>(std::move(payload)),
              .qos = qos,
              .retain = retain,
              .properties = forwarded(properties),
              .expires_at = expiry ? now + Millis{*expiry} * 1000 : 0});
}

/// As the PUBLISH that they would be part of: there is one encoding of properties, and it has a version.
std::string stored_properties(const Properties* properties,
                              const std::vector<std::uint32_t>& subscription_ids) {
  if (properties == nullptr && subscription_ids.empty()) return {};
  Properties all = properties == nullptr ? Properties{} : *properties;
  all.subscription_ids = subscription_ids;
  std::string stored;
  encode_publish({.topic = kAnyTopic, .payload = {}, .properties = &all}, Version::k5, stored);
  return stored;
}

std::shared_ptr<const Properties> restored_properties(const std::string& stored) {
  if (stored.empty()) return nullptr;
  Decoder decoder(Role::kClient, stored.size());
  decoder.version(Version::k5);
  std::string_view bytes = stored;
  auto packet = decoder.next(bytes);
  if (!packet || !*packet) return nullptr;
  auto* const publish = std::get_if<Publish>(&**packet);
  return publish == nullptr ? nullptr : std::make_shared<const Properties>(std::move(publish->properties));
}

}  // namespace inboxd::mqtt
