// Any payload is either refused or becomes a body that is JSON, in which every field that is not the engine's
// own stands as it was written.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/message.hpp"

namespace {

using namespace inboxd;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_the_engines(std::string_view key) {
  constexpr std::array<std::string_view, 7> kOwn = {"message_id", "sender",    "recipient", "app_id",
                                                    "status",     "timestamp", "__history"};
  return std::find(kOwn.begin(), kOwn.end(), key) != kOwn.end();
}

void check_body(const Draft& draft, const json::Object& body) {
  for (const auto& member : draft.fields.members()) {
    if (is_the_engines(member.key)) continue;
    const auto kept = body.find(member.key);
    require(kept && *kept == member.raw);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes to text
  temp_uid_of(payload);
  (void)read_backend_message(payload);
  const auto draft = read_draft(payload);
  if (!draft) return 0;

  StoredMessage message{MessageId("m"), AppId("a"), PartyId("s"), PartyId("r"), 1, false, {}};
  message.json =
      compose_body(*draft, message.id, message.app, message.sender, message.recipient, message.timestamp);
  const auto body = json::parse_object(message.json);
  require(body.has_value());
  check_body(*draft, *body);

  TimelineRow row{{message.app, message.recipient, message.sender}, 1, message.id, Status::kDelivered};
  require(json::parse_object(render_copy(message, row)).has_value());
  row.history = row.silent = true;
  require(json::parse_object(render_copy(message, row)).has_value());
  return 0;
}
