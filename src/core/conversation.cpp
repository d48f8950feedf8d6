#include "core/conversation.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/json.hpp"
#include "core/message.hpp"

namespace inboxd {
namespace {

constexpr std::array<std::string_view, 9> kOwnFields = {"timelineOf", "conversWith", "key",
                                                        "is_new",     "archived",    "last_message_text",
                                                        "status",     "timestamp",   "unread_count"};

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
    if (fields->find(key) || key == "last_message_text") continue;
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
  row.unread = row.unread + (is_new ? 1 : 0);
  if (row == previous) return std::nullopt;
  return row;
}

/// The owner's own message says that he has read what came before it; history is no news.
std::uint64_t unread_after(const std::optional<ConversationRow>& previous, const TimelineRow& copy,
                           bool is_new) {
  if (!is_new) return 0;
  return (previous ? previous->unread : 0) + (copy.history ? 0 : 1);
}

Refusal bad_patch(std::string detail) { return {Reason::kBadField, std::move(detail)}; }

/// A field that says what the conversation is may be repeated, not changed.
std::optional<Refusal> check_identity(const TimelineKey& key, const json::Object& patch) {
  const std::array<std::pair<std::string_view, std::string_view>, 4> identity = {
      std::pair{std::string_view("timelineOf"), key.owner.view()},
      {"conversWith", key.peer.view()},
      {"key", key.peer.view()},
      {"app_id", key.app.view()}};
  for (const auto& [name, value] : identity) {
    const auto raw = patch.find(name);
    if (raw && json::string_value(*raw) != value)
      return bad_patch("a patch may not change " + std::string(name));
  }
  return std::nullopt;
}

std::optional<Refusal> take_boolean(const json::Object& patch, std::string_view name, bool& into) {
  const auto raw = patch.find(name);
  if (!raw) return std::nullopt;
  if (!json::is_true(*raw) && !json::is_false(*raw))
    return bad_patch(std::string(name) + " must be true or false");
  into = json::is_true(*raw);
  return std::nullopt;
}

std::optional<Refusal> take_numbers(const json::Object& patch, ConversationRow& row) {
  if (const auto raw = patch.find("timestamp")) {
    const auto number = json::integer_value(*raw);
    if (!number || *number < 0) return bad_patch("timestamp must be a number of milliseconds since 1970");
    row.timestamp = *number;
  }
  if (const auto raw = patch.find("status")) {
    const auto number = json::integer_value(*raw);
    const auto status = number ? status_from(*number) : std::nullopt;
    if (!status) return bad_patch("status is not one that a message can have");
    row.status = *status;
  }
  return std::nullopt;
}

bool is_identity(std::string_view key) noexcept {
  return key == "timelineOf" || key == "conversWith" || key == "key" || key == "app_id";
}

/// The fields of the earlier patch that this one does not set, then its own.
std::string merged(const std::string& earlier, const json::Object& patch) {
  json::ObjectWriter writer(earlier.size() + 64);
  bool any = false;
  const auto before = json::parse_object(earlier).value_or(json::Object({}));
  for (const auto& [key, raw] : before.members()) {
    if (patch.find(key)) continue;
    writer.raw(key, raw);
    any = true;
  }
  for (const auto& [key, raw] : patch.members()) {
    const bool kept_elsewhere = is_identity(key) || (is_own_field(key) && key != "last_message_text");
    if (kept_elsewhere) continue;
    writer.raw(key, raw);
    any = true;
  }
  return any ? writer.finish() : std::string{};
}

std::string notice_of(const TimelineKey& key, const json::Object& patch) {
  json::ObjectWriter writer;
  for (const auto& [name, raw] : patch.members()) {
    if (name != "timelineOf" && name != "conversWith") writer.raw(name, raw);
  }
  return writer.string("timelineOf", key.owner.view()).string("conversWith", key.peer.view()).finish();
}

}  // namespace

Result<Patched, Refusal> patched(const ConversationRow& row, std::string_view text, std::size_t max_bytes) {
  const auto patch = json::parse_object(text);
  if (!patch) return Failure<Refusal>(patch.error());
  Patched result{.row = row, .notice = {}};
  const auto attributes = patch->find_value("attributes");
  std::optional<Refusal> refusal = check_identity(row.key, *patch);
  if (!refusal) refusal = take_boolean(*patch, "is_new", result.row.is_new);
  if (!refusal) refusal = take_boolean(*patch, "archived", result.row.archived);
  if (!refusal) refusal = take_numbers(*patch, result.row);
  if (!refusal && attributes && !json::is_object(*attributes))
    refusal = bad_patch("attributes must be an object");
  result.row.patch = merged(row.patch, *patch);
  if (!refusal && result.row.patch.size() > max_bytes) {
    refusal = Refusal{Reason::kTooLarge,
                      "the conversation's patched fields would pass " + std::to_string(max_bytes) + " bytes"};
  }
  if (refusal) return Failure<Refusal>(*std::move(refusal));
  if (!result.row.is_new) result.row.unread = 0;
  result.notice = notice_of(row.key, *patch);
  return result;
}

std::optional<ConversationRow> touched(const std::optional<ConversationRow>& previous,
                                       const TimelineRow& copy, const StoredMessage& message, bool is_new) {
  if (previous && previous->timestamp > copy.timestamp) return with_older(*previous, copy, is_new);
  ConversationRow row{.key = copy.timeline,
                      .last_message = copy.message,
                      .timestamp = copy.timestamp,
                      .status = copy.status,
                      .is_new = is_new,
                      .archived = false,
                      .unread = unread_after(previous, copy, is_new),
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
  const auto text = patch.find_value("last_message_text");
  return writer.string("timelineOf", row.key.owner.view())
      .string("conversWith", row.key.peer.view())
      .string("key", row.key.peer.view())
      .boolean("is_new", row.is_new)
      .boolean("archived", row.archived)
      .raw("last_message_text", text.value_or(fields.find_value("text").value_or("\"\"")))
      .integer("status", static_cast<int>(row.status))
      .integer("timestamp", row.timestamp)
      .integer("unread_count", static_cast<std::int64_t>(row.unread))
      .finish();
}

}  // namespace inboxd
