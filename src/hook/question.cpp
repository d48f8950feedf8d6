#include "hook/question.hpp"

#include <openssl/evp.h>

#include <cstring>
#include <stdexcept>
#include <string_view>

#include "core/json.hpp"

namespace inboxd::hook {
namespace {

std::string without(std::string_view object, std::string_view key) {
  const auto parsed = json::parse_object(object);
  if (!parsed) return std::string(object);
  json::ObjectWriter writer(object.size());
  for (const auto& [name, raw] : parsed->members()) {
    if (name != key) writer.raw(name, raw);
  }
  return writer.finish();
}

/// The message but for what differs each time that it is sent. No two messages that differ in anything else
/// have the same.
std::string lasting_part(std::string_view message) {
  const auto parsed = json::parse_object(message);
  if (!parsed) return std::string(message);
  json::ObjectWriter writer(message.size());
  for (const auto& [name, raw] : parsed->members()) {
    if (name == "timestamp") continue;
    if (name == "attributes" && json::is_object(raw)) {
      writer.raw(name, without(raw, "tempUID"));
    } else {
      writer.raw(name, raw);
    }
  }
  return writer.finish();
}

std::string text_of(const HookQuestion& question, std::string_view message) {
  constexpr std::size_t kAround = 512;
  return json::ObjectWriter(message.size() + kAround)
      .string("app_id", question.app)
      .string("sender", question.sender)
      .string("recipient", question.recipient)
      .string("channel_type", question.group ? "group" : "direct")
      .raw("message", message)
      .finish();
}

}  // namespace

std::string body_of(const HookQuestion& question) { return text_of(question, question.message); }

QuestionKey key_of(const HookQuestion& question) {
  const std::string text = text_of(question, lasting_part(question.message));
  QuestionKey key{};
  if (EVP_Digest(text.data(), text.size(), key.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("SHA-256 failed");
  }
  return key;
}

std::size_t QuestionKeyHash::operator()(const QuestionKey& key) const noexcept {
  std::size_t hash = 0;
  static_assert(sizeof(hash) <= sizeof(QuestionKey));
  std::memcpy(&hash, key.data(), sizeof(hash));
  return hash;
}

}  // namespace inboxd::hook
