#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/rows.hpp"
#include "mqtt/packet.hpp"

namespace inboxd::mqtt {

/// An application message on its way to its subscribers: one copy, however many they are.
struct Message {
  std::string topic;
  std::shared_ptr<const std::string> payload;  ///< never null
  Qos qos = Qos::kAtMostOnce;                  ///< as it was published
  bool retain = false;                         ///< likewise
  /// What MQTT 5 has passed on unchanged (3.3.2.3); null where there is nothing.
  std::shared_ptr<const Properties> properties;
  Millis expires_at = 0;  ///< ms since the epoch; 0: never

  /// What it holds in memory, roughly: a property may be five bytes on the wire, and is many more here.
  std::size_t bytes() const noexcept;
  bool has_expired(Millis now) const noexcept { return expires_at != 0 && now >= expires_at; }
};

using MessagePtr = std::shared_ptr<const Message>;

/// What of a publication's properties goes on to subscribers; null where nothing does.
std::shared_ptr<const Properties> forwarded(const Properties& published);

/// The message of a PUBLISH or will that arrived at `now`.
MessagePtr message_of(std::string topic, std::string payload, Qos qos, bool retain,
                      const Properties& properties, Millis now);

/// The properties as the session store keeps them, and back. Empty text: none.
std::string stored_properties(const Properties* properties,
                              const std::vector<std::uint32_t>& subscription_ids = {});
std::shared_ptr<const Properties> restored_properties(const std::string& stored);

}  // namespace inboxd::mqtt
