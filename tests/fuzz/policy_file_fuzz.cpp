// Whatever a policy file or a document of the REST API holds, there are complaints, or a set of rules that
// judges a message and leaves JSON behind.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "core/json.hpp"
#include "filter/document.hpp"
#include "filter/filter_set.hpp"

namespace {

using namespace inboxd;  // NOLINT(google-build-using-namespace)

/// Words in several scripts, some with what nobody sees in them, half a surrogate pair, links, digits; files
/// in lists.
constexpr std::string_view kMessage =
    R"({"text":"An IDIÓT, völlig bekl\u0000o\u0900ppt: 4111 1111 1111 1111 \udc00 http://u@evil.example:1/x 你是傻瓜 )"
    R"(a.com [x](https://a,b@[::1]),https://evil.com。看%FF https://ⓔ…\u00a0",)"
    R"("type":"file","metadata":{"name":"a.exe","type":"image/png","src":"https://a.b/c.exe;e/?d","n":1.50,)"
    R"("files":[{"name":"b.ｅｘｅ\u200b"},[{"src":"data:image/png;base64,"}],7]},)"
    R"("attributes":{"tempUID":"1","moderation":{"flags":["x"]}}})";

void require(bool condition) {
  if (!condition) std::abort();
}

void judge(const filter::FilterSet& set, const json::Object& fields) {
  const AppId app("tilechat");
  const PartyId sender("alice");
  const PartyId recipient("bob");
  const Judgement judgement =
      set.judge({.app = app, .sender = sender, .recipient = recipient, .fields = fields});
  if (judgement.rejection) require(judgement.changes.empty() && !judgement.matches.empty());
  const auto changed = json::parse_object(json::with_changes(fields, judgement.changes));
  require(changed && changed->members().size() == fields.members().size());
}

void use(filter::Parsed parsed, const json::Object& fields) {
  const bool right = parsed.problems.empty();
  const auto set = filter::FilterSet::compile(std::move(parsed.rules));
  require(set || !set.error().empty());
  if (right && set) judge(**set, fields);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes to text
  const auto fields = json::parse_object(kMessage);
  require(fields.has_value());
  // The whole text stands for every file of words that it names.
  const auto read = [text](const std::string&) {
    return Result<std::string, std::string>(std::string(text));
  };
  use(filter::parse_toml(text, "fuzz.toml", read), *fields);
  use(filter::parse_json(text, "fuzz.json"), *fields);
  return 0;
}
