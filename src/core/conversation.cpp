#include "core/conversation.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/json.hpp"

namespace inboxd {
namespace {

constexpr std::array<std::string_view, 8> kOwnFields = {
    "timelineOf", "conversWith", "key", "is_new", "archived", "last_message_text", "status", "timestamp"};

bool is_own_field(std::string_view key) noexcept {
  return std::find(kOwnFields.begin(), kOwnFields.end(), key) != kOwnFields.end();
}

/// What a patch set stays until a message sets it anew.
std::string surviving_patch(const std::string& patch, const StoredMessage& message) {
  if (patch.empty()) return {};
  const auto patched = json::parse_object(patch);
  const auto fields = json::parse_object(message.json);
  if (!patched || !fields) return {};
  json::ObjectWriter writer(patch.size());
  bool any = false;
  for (const auto& [key, raw] : patched->members()) {
    if (fields->find(key)) continue;
    writer.raw(key, raw);
    any = true;
  }
  return any ? writer.finish() : std::string{};
}

/// An older message than the preview: it is news, but no preview.
std::optional<ConversationRow> with_older(const ConversationRow& previous, const TimelineRow& copy,
                                          bool is_new) {
  if (copy.history) return std::nullopt;
  ConversationRow row = previous;
  row.archived = false;
  row.is_new = row.is_new || is_new;
  if (row == previous) return std::nullopt;
  return row;
}

}  // namespace

std::optional<ConversationRow> touched(const std::optional<ConversationRow>& previous,
                                       const TimelineRow& copy, const StoredMessage& message, bool is_new) {
  if (previous && previous->timestamp > copy.timestamp) return with_older(*previous, copy, is_new);
  ConversationRow row{.key = copy.timeline,
                      .last_message = copy.message,
                      .timestamp = copy.timestamp,
                      .status = copy.status,
                      .is_new = is_new,
                      .archived = false,
                      .patch = previous ? surviving_patch(previous->patch, message) : std::string{}};
  if (previous == row) return std::nullopt;
  return row;
}

std::string render_conversation(const ConversationRow& row, const StoredMessage& last_message) {
  const auto fields = json::parse_object(last_message.json).value_or(json::Object({}));
  const auto patch = json::parse_object(row.patch).value_or(json::Object({}));
  json::ObjectWriter writer(last_message.json.size() + row.patch.size() + 256);
  for (const auto& [key, raw] : fields.members()) {
    if (!is_own_field(key) && !patch.find(key)) writer.raw(key, raw);
  }
  for (const auto& [key, raw] : patch.members()) {
    if (!is_own_field(key)) writer.raw(key, raw);
  }
  return writer.string("timelineOf", row.key.owner.view())
      .string("conversWith", row.key.peer.view())
      .string("key", row.key.peer.view())
      .boolean("is_new", row.is_new)
      .boolean("archived", row.archived)
      .raw("last_message_text", fields.find_value("text").value_or("\"\""))
      .integer("status", static_cast<int>(row.status))
      .integer("timestamp", row.timestamp)
      .finish();
}

}  // namespace inboxd
