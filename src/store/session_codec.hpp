#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/session_store.hpp"

/// The values of the RocksDB tables of MQTT sessions (docs/storage.md), by the rules of row_codec.hpp.
namespace inboxd::store {

void encode(std::string& out, const SessionRow& row);
bool decode(std::string_view value, SessionRow& row);

/// A message's value but for its payload, which follows and ends the value, as of a StoredMessage.
void encode_head(std::string& out, const QueuedMessage& message);
bool decode(std::string_view value, QueuedMessage& message);

/// bytes_of() the message that the value holds, without making it.
std::optional<std::uint64_t> decode_bytes(std::string_view value);

void encode_head(std::string& out, const RetainedMessage& message);
bool decode(std::string_view value, RetainedMessage& message);

}  // namespace inboxd::store
