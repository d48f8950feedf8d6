// What clients say besides messages, and what other engines left: refused, or turned into valid JSON.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/conversation.hpp"
#include "core/event.hpp"
#include "core/json.hpp"
#include "core/presence.hpp"
#include "core/receipt.hpp"

namespace {

void must_be_json(std::string_view text) {
  if (!inboxd::json::parse_object(text)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inboxd;  // NOLINT: a fuzz target is all about it
  const std::string_view payload(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes to text
  const Topics topics{AppId("tilechat"), path_key_of("/apps/tilechat/users")};
  (void)read_receipt(payload);
  (void)read_presence(payload);
  const ConversationRow row{.key = {topics.app, PartyId("bob"), PartyId("alice")},
                            .patch = R"({"pinned":true})"};
  if (const auto result = patched(row, payload, 1 << 16)) {
    if (result->row.key != row.key) std::abort();
    must_be_json(result->notice);
    must_be_json(render_conversation(result->row, {.json = R"({"text":"hi"})"}));
  }
  for (const char* kind : {"message_deliver", "message_update", "conversation_archived", "presence"}) {
    const auto event =
        handed_over_event("observer.webhook.apps.tilechat." + std::string(kind), payload, topics, 1);
    if (event) must_be_json(event->body);
  }
  return 0;
}
