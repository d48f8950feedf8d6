#include "hook/answer.hpp"

#include <algorithm>
#include <cstdint>

#include "core/json.hpp"

namespace inboxd::hook {
namespace {

using Wrong = Failure<std::string>;
using Verdict = Result<HookVerdict, std::string>;

/// As the names of rules and the codes of refusals are written.
bool is_code(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kMaxCodeBytes && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
}

Verdict read_reject(const json::Object& answer) {
  HookVerdict verdict{.kind = HookVerdict::Kind::kReject};
  if (const auto raw = answer.find_value("code")) {
    auto code = json::string_value(*raw);
    if (!code || !is_code(*code)) return Wrong("code is no code");
    verdict.code = *std::move(code);
  }
  if (const auto raw = answer.find_value("message")) {
    auto message = json::string_value(*raw);
    if (!message || message->size() > kMaxMessageBytes) return Wrong("message is no string, or too long");
    verdict.message = *std::move(message);
  }
  return verdict;
}

Verdict read_replace(const json::Object& answer) {
  HookVerdict verdict{.kind = HookVerdict::Kind::kAllow};
  if (const auto raw = answer.find_value("text")) {
    if (!json::string_value(*raw)) return Wrong("text is no string");
    verdict.text = std::string(*raw);
  }
  if (const auto raw = answer.find_value("attributes")) {
    // By itself, as it will stand in the message: its names are checked as deep as that.
    if (!json::is_object(*raw) || !json::parse_object(*raw)) return Wrong("attributes are no object");
    verdict.attributes = std::string(*raw);
  }
  if (!verdict.text && !verdict.attributes) return Wrong("nothing is put in place");
  return verdict;
}

Verdict read_verdict(const json::Object& answer) {
  const auto action = json::string_value(answer.find("action").value_or(""));
  if (action == "allow") return HookVerdict{.kind = HookVerdict::Kind::kAllow};
  if (action == "reject") return read_reject(answer);
  if (action == "replace") return read_replace(answer);
  return Wrong("action is not known");
}

}  // namespace

Result<Answer, std::string> read_answer(std::string_view body) {
  const auto parsed = json::parse_object(body);
  if (!parsed) return Wrong("not a JSON object");
  Answer answer;
  if (const auto raw = parsed->find_value("ttl")) {
    const auto seconds = json::integer_value(*raw);
    if (!seconds || *seconds < 0) return Wrong("ttl is no number of seconds");
    answer.ttl = std::chrono::seconds(std::min<std::int64_t>(*seconds, kMaxTtl.count()));
  }
  auto verdict = read_verdict(*parsed);
  if (!verdict) return Wrong(std::move(verdict.error()));
  answer.verdict = *std::move(verdict);
  return answer;
}

}  // namespace inboxd::hook
