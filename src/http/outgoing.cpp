#include "http/outgoing.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/message.hpp"

namespace inboxd::http {
namespace {

/// What is passed on; the rest of the body is addressed to this service.
constexpr std::array<std::string_view, 9> kPassedOn = {"text",       "type",         "recipient_fullname",
                                                       "attributes", "channel_type", "sender_fullname",
                                                       "metadata",   "timestamp",    "group"};

/// A picture says it all; anything else needs words.
bool may_be_wordless(const json::Object& body) {
  const std::string type = text_field(body, "type").value_or("");
  const auto metadata = body.find_value("metadata");
  return (type == "image" || type == "file") && metadata && json::is_object(*metadata);
}

std::string payload_of(const json::Object& body, const PartyId& recipient, std::size_t size) {
  json::ObjectWriter writer(size + 64);
  for (const auto& [key, raw] : body.members()) {
    const bool passed = std::find(kPassedOn.begin(), kPassedOn.end(), key) != kPassedOn.end();
    const bool defaulted = json::is_null(raw) && (key == "type" || key == "channel_type");
    if (passed && !defaulted) writer.raw(key, raw);
  }
  if (!body.find_value("type")) writer.string("type", "text");
  if (!body.find_value("channel_type")) {
    writer.string("channel_type", names_a_group(recipient) ? "group" : "direct");
  }
  return writer.finish();
}

}  // namespace

Result<Outgoing, Response> read_outgoing(const Call& call) {
  const auto body = body_of(call.request);
  if (!body) return Failure<Response>(body.error());
  auto sender = acting_user(call.caller, *body, "sender_id");
  if (!sender) return Failure<Response>(std::move(sender.error()));
  const auto recipient_id = text_field(*body, "recipient_id");
  if (!recipient_id) return Failure<Response>(missing("recipient_id"));
  if (!text_field(*body, "text") && !may_be_wordless(*body)) return Failure<Response>(missing("text"));
  auto recipient = parse_party(*recipient_id);
  if (!recipient) {
    return fail(400, "recipient_id is malformed or reserved");
  }
  std::string payload = payload_of(*body, *recipient, call.request.body.size());
  if (const auto draft = read_draft(payload); !draft)
    return Failure<Response>(refusal_response(draft.error()));
  return Outgoing{*std::move(sender), *std::move(recipient), std::move(payload), call.caller.admin};
}

Publication publication_of(const Topics& topics, Outgoing outgoing) {
  Publication part =
      publication(outgoing_key(topics, outgoing.sender, outgoing.recipient), std::move(outgoing.payload));
  part.from_admin = outgoing.from_admin;
  return part;
}

Response sent_response(const Verdict& verdict) {
  json::ObjectWriter writer;
  writer.boolean("success", true);
  if (verdict.message) writer.string("message_id", verdict.message->view());
  return {200, "application/json", writer.finish()};
}

}  // namespace inboxd::http
