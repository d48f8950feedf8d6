#include "http/group_document.hpp"

#include <algorithm>
#include <set>

namespace inboxd::http {

std::string with_fields(std::string_view document, const Fields& fields) {
  const auto before = json::parse_object(document).value_or(json::Object({}));
  const auto is_set = [&](const std::string& key) {
    return std::any_of(fields.begin(), fields.end(), [&](const auto& field) { return field.first == key; });
  };
  json::ObjectWriter writer(document.size() + 256);
  for (const auto& [key, raw] : before.members()) {
    if (!is_set(key)) writer.raw(key, raw);
  }
  for (const auto& [key, raw] : fields) writer.raw(key, raw);
  return writer.finish();
}

std::string members_json(const std::vector<PartyId>& members) {
  json::ObjectWriter writer;
  for (const PartyId& member : members) writer.integer(member.view(), 1);
  return writer.finish();
}

std::optional<std::vector<PartyId>> read_members(std::string_view raw) {
  std::vector<std::string> texts;
  if (json::is_object(raw)) {
    const auto object = json::parse_object(raw);
    if (!object) return std::nullopt;
    for (const json::Member& member : object->members()) texts.push_back(member.key);
  } else if (json::is_array(raw)) {
    auto strings = json::strings_value(raw);
    if (!strings) return std::nullopt;
    texts = *std::move(strings);
  } else {
    return std::nullopt;
  }
  std::vector<PartyId> members;
  std::set<PartyId> seen;
  for (const std::string& text : texts) {
    auto id = parse_party(text);
    if (!id) return std::nullopt;
    if (seen.insert(*id).second) members.push_back(*std::move(id));
  }
  return members;
}

std::string text_of(std::string_view document, std::string_view field) {
  const auto object = json::parse_object(document);
  const auto raw = object ? object->find_value(field) : std::nullopt;
  return (raw ? json::string_value(*raw) : std::nullopt).value_or("");
}

bool has_member(const std::vector<PartyId>& members, const PartyId& id) {
  return std::find(members.begin(), members.end(), id) != members.end();
}

}  // namespace inboxd::http
