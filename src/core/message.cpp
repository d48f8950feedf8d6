#include "core/message.hpp"

#include <algorithm>
#include <array>

namespace inboxd {
namespace {

constexpr std::size_t kMaxTempUidBytes = 255;
constexpr Millis kMaxAhead = 1000;

constexpr std::array<std::string_view, 6> kSetByEngine = {"message_id", "sender", "recipient",
                                                          "app_id",     "status", "timestamp"};
constexpr std::array<std::string_view, 5> kStrings = {"text", "type", "recipient_fullname", "sender_fullname",
                                                      "channel_type"};
constexpr std::string_view kHistory = "__history";
constexpr std::string_view kReceipts = "receipts";

std::optional<Refusal> check_strings(const json::Object& fields) {
  for (const std::string_view name : kStrings) {
    const auto value = fields.find_value(name);
    if (value && !json::is_string(*value))
      return Refusal{Reason::kBadField, std::string(name) + " must be a string"};
  }
  return std::nullopt;
}

std::optional<std::string> usable_temp_uid(const json::Object& attributes) {
  const auto raw = attributes.find_value("tempUID");
  if (!raw) return std::nullopt;
  auto uid = json::string_value(*raw);
  if (!uid || uid->empty() || uid->size() > kMaxTempUidBytes || uid->find('\0') != std::string::npos)
    return std::nullopt;
  return uid;
}

/// Who gets no copy. A value that cannot be read is refused: to ignore it would show a private note to
/// everyone.
std::optional<Refusal> read_hidden(const json::Object& attributes, std::vector<std::string>& hidden) {
  for (const std::string_view name : {"hiddenFor", "privateFor"}) {
    const auto raw = attributes.find_value(name);
    if (!raw) continue;
    auto ids = json::strings_value(*raw);
    if (!ids) {
      return Refusal{Reason::kBadField,
                     "attributes." + std::string(name) + " must be an id or a list of ids"};
    }
    std::move(ids->begin(), ids->end(), std::back_inserter(hidden));
  }
  return std::nullopt;
}

std::optional<Refusal> read_attributes(Draft& draft) {
  const auto raw = draft.fields.find_value("attributes");
  if (!raw) return std::nullopt;
  if (!json::is_object(*raw)) return Refusal{Reason::kBadField, "attributes must be an object"};
  const auto attributes = json::parse_object(*raw);
  if (!attributes) return attributes.error();
  draft.temp_uid = usable_temp_uid(*attributes);
  draft.updates_conversation = !json::is_false(attributes->find("updateconversation").value_or(""));
  draft.silent = json::is_false(attributes->find("sendnotification").value_or(""));
  return read_hidden(*attributes, draft.hidden_for);
}

std::optional<Refusal> read_timestamp(Draft& draft) {
  const auto raw = draft.fields.find_value("timestamp");
  if (!raw) return std::nullopt;
  draft.timestamp = json::integer_value(*raw);
  if (!draft.timestamp || *draft.timestamp < 0) {
    return Refusal{Reason::kBadField, "timestamp must be a number of milliseconds since 1970"};
  }
  return std::nullopt;
}

std::optional<Refusal> read_inline_group(Draft& draft) {
  const auto raw = draft.fields.find_value("group");
  if (!raw) return std::nullopt;
  if (!json::is_object(*raw)) return Refusal{Reason::kBadField, "group must be an object"};
  const auto group = json::parse_object(*raw);
  if (!group) return group.error();
  const auto members_raw = group->find_value("members");
  if (!members_raw) return std::nullopt;
  if (!json::is_object(*members_raw)) return Refusal{Reason::kBadField, "group.members must be an object"};
  const auto members = json::parse_object(*members_raw);
  if (!members) return members.error();
  std::vector<PartyId>& ids = draft.group_members.emplace();
  for (const json::Member& member : members->members()) {
    auto id = parse_party(member.key);
    if (!id) return Refusal{Reason::kBadId, "group.members holds an id that is malformed or reserved"};
    ids.push_back(*std::move(id));
  }
  return std::nullopt;
}

/// One mandatory id of a back end's message.
template <class IdType>
std::optional<IdType> id_field(const json::Object& fields, std::string_view name) {
  const auto raw = fields.find(name);
  const auto text = raw ? json::string_value(*raw) : std::nullopt;
  if (!text || !is_valid_id(*text)) return std::nullopt;
  return IdType{*text};
}

bool is_set_by_engine(std::string_view key) noexcept {
  return std::find(kSetByEngine.begin(), kSetByEngine.end(), key) != kSetByEngine.end();
}

std::string silenced(std::optional<std::string_view> attributes) {
  json::ObjectWriter writer;
  if (attributes && json::is_object(*attributes)) {
    if (const auto parsed = json::parse_object(*attributes)) {
      for (const auto& [key, raw] : parsed->members()) {
        if (key != "sendnotification") writer.raw(key, raw);
      }
    }
  }
  return writer.boolean("sendnotification", false).finish();
}

/// A copy that differs from the body in more than its status.
std::string render_replayed(const StoredMessage& message, const TimelineRow& row) {
  const auto fields = json::parse_object(message.json).value_or(json::Object({}));
  json::ObjectWriter writer(message.json.size() + 64);
  std::optional<std::string_view> attributes;
  for (const auto& [key, raw] : fields.members()) {
    if (key == "attributes") attributes = raw;
    const bool replaced = (row.silent && key == "attributes") || (row.history && key == kHistory);
    if (!replaced) writer.raw(key, raw);
  }
  if (row.silent) writer.raw("attributes", silenced(attributes));
  if (row.history) writer.string(kHistory, "true");
  return writer.integer("status", static_cast<int>(row.status)).finish();
}

std::string render_with_receipts(const StoredMessage& message, const TimelineRow& row) {
  const auto fields = json::parse_object(message.json).value_or(json::Object({}));
  json::ObjectWriter writer(message.json.size() + 96);
  for (const auto& [key, raw] : fields.members()) {
    if (key != kReceipts) writer.raw(key, raw);
  }
  const std::string counts =
      json::ObjectWriter(48).integer("received", row.received).integer("seen", row.seen).finish();
  return writer.raw(kReceipts, counts).integer("status", static_cast<int>(row.status)).finish();
}

}  // namespace

Result<Draft, Refusal> read_draft(std::string_view payload) {
  auto fields = json::parse_object(payload);
  if (!fields) return Failure<Refusal>(std::move(fields.error()));
  Draft draft{
      .fields = *std::move(fields), .temp_uid = {}, .timestamp = {}, .hidden_for = {}, .group_members = {}};
  for (const auto check : {read_attributes, read_timestamp, read_inline_group}) {
    if (auto refusal = check(draft)) return Failure<Refusal>(*std::move(refusal));
  }
  if (auto refusal = check_strings(draft.fields)) return Failure<Refusal>(*std::move(refusal));
  draft.group_channel = draft.fields.find("channel_type").value_or("") == "\"group\"";
  draft.history = draft.fields.find_value(kHistory).has_value();
  return draft;
}

Result<BackendMessage, Refusal> read_backend_message(std::string_view payload) {
  auto draft = read_draft(payload);
  if (!draft) return Failure<Refusal>(std::move(draft.error()));
  auto id = id_field<MessageId>(draft->fields, "message_id");
  auto sender = id_field<PartyId>(draft->fields, "sender");
  auto recipient = id_field<PartyId>(draft->fields, "recipient");
  if (!id || !sender || !recipient) return bad_field("message_id, sender and recipient must be ids");
  if (!draft->timestamp) return bad_field("timestamp is missing");
  std::optional<Status> status;
  if (const auto raw = draft->fields.find_value("status")) {
    const auto number = json::integer_value(*raw);
    status = number ? status_from(*number) : std::nullopt;
    if (!status) return refuse(Reason::kBadStatus, "status is not one that a message can have");
  }
  const Millis timestamp = *draft->timestamp;
  return BackendMessage{*std::move(draft),     *std::move(id), *std::move(sender),
                        *std::move(recipient), timestamp,      status};
}

std::optional<std::string> temp_uid_of(std::string_view payload) {
  const auto fields = json::parse_object(payload);
  if (!fields) return std::nullopt;
  const auto raw = fields->find("attributes");
  if (!raw || !json::is_object(*raw)) return std::nullopt;
  const auto attributes = json::parse_object(*raw);
  return attributes ? usable_temp_uid(*attributes) : std::nullopt;
}

std::string compose_body(const Draft& draft, const MessageId& id, const AppId& app, const PartyId& sender,
                         const PartyId& recipient, Millis timestamp) {
  constexpr std::size_t kRoomForOurs = 256;
  std::size_t size = kRoomForOurs;
  for (const auto& [key, raw] : draft.fields.members()) size += key.size() + raw.size() + 4;
  json::ObjectWriter writer(size);
  for (const auto& [key, raw] : draft.fields.members()) {
    if (!is_set_by_engine(key)) writer.raw(key, raw);
  }
  return writer.string("message_id", id.view())
      .string("sender", sender.view())
      .string("recipient", recipient.view())
      .string("app_id", app.view())
      .integer("timestamp", timestamp)
      .finish();
}

std::string render_copy(const StoredMessage& message, const TimelineRow& row) {
  if (row.history || row.silent) return render_replayed(message, row);
  if (row.received != 0 || row.seen != 0) return render_with_receipts(message, row);
  return json::with_member(message.json, "status", std::to_string(static_cast<int>(row.status)));
}

bool is_for_group(const Draft& draft, const PartyId& recipient) noexcept {
  return draft.group_channel || names_a_group(recipient);
}

Millis assign_timestamp(std::optional<Millis> client, std::optional<Millis> newest, Millis now) noexcept {
  if (client && *client <= now + kMaxAhead) return *client;
  if (!newest || *newest < now) return now;
  return std::min(*newest + 1, now + kMaxAhead);
}

std::optional<Status> status_from(std::int64_t number) noexcept {
  for (const Status status : {Status::kFailed, Status::kSending, Status::kSent, Status::kDelivered,
                              Status::kReceived, Status::kReturnReceipt, Status::kSeen}) {
    if (number == static_cast<int>(status)) return status;
  }
  return std::nullopt;
}

}  // namespace inboxd
