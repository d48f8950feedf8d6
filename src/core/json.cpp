#include "core/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <utility>

// Strings are scanned sixteen bytes at a time.
#if defined(__SSE2__)
#define RAPIDJSON_SSE2
#elif defined(__ARM_NEON)
#define RAPIDJSON_NEON
#endif
#include <rapidjson/reader.h>

#include "core/id.hpp"

/// Else the parser works on copies of the stream, and whoever hears its events does not know where it is.
template <>
struct rapidjson::StreamTraits<rapidjson::InsituStringStream> {
  enum { copyOptimization = 0 };  // NOLINT(readability-identifier-naming): the name is the library's
};

namespace inboxd::json {
namespace {

/// A copy of the text that the parser may write to: it undoes escapes in place.
class Scratch {
 public:
  explicit Scratch(std::string_view text) {
    copy_.reserve(text.size() + kReadBeyond);
    copy_.append(text).append(kReadBeyond, '\0');
  }

  rapidjson::InsituStringStream stream() { return rapidjson::InsituStringStream(copy_.data()); }

 private:
  /// NULs that end the text: the scan reads whole blocks.
  static constexpr std::size_t kReadBeyond = 16;

  std::string copy_;
};

/// Numbers stay text, so that no digit is lost; iterative, so that no depth of nesting can exhaust the stack.
/// That the text is UTF-8 is seen to before.
constexpr unsigned kFlags =
    rapidjson::kParseInsituFlag | rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag;

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Takes the parser's events and notes where in the text the values of the first level lie.
class Slicer : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Slicer> {
 public:
  Slicer(std::string_view text, rapidjson::InsituStringStream& stream) : text_(text), stream_(stream) {}

  bool Default() { return value_ended(stream_.Tell()); }  // NOLINT(readability-identifier-naming)
  bool Key(const char* text, rapidjson::SizeType length,
           bool /*copy*/) {  // NOLINT(readability-identifier-naming)
    if (depth_ == 1) {
      // The parser lets a lone low surrogate pass, and keys are written anew: what cannot be written is
      // refused.
      if (!is_valid_utf8({text, length})) return false;
      key_.assign(text, length);
      value_begin_ = stream_.Tell();
    }
    return true;
  }
  bool StartObject() { return started(); }               // NOLINT(readability-identifier-naming)
  bool StartArray() { return depth_ > 0 && started(); }  // NOLINT(readability-identifier-naming)
  bool EndObject(rapidjson::SizeType /*members*/) {
    return ended();
  }  // NOLINT(readability-identifier-naming)
  bool EndArray(rapidjson::SizeType /*elements*/) {
    return ended();
  }  // NOLINT(readability-identifier-naming)

  bool too_deep() const noexcept { return depth_ > kMaxDepth; }
  std::vector<Member> take() { return std::move(members_); }

 private:
  bool started() {
    ++depth_;
    return !too_deep();
  }

  bool ended() {
    --depth_;
    return depth_ == 0 || value_ended(stream_.Tell() + 1);
  }

  bool value_ended(std::size_t end) {
    if (depth_ == 0) return false;  // the document itself is no object
    if (depth_ > 1) return true;
    if (members_.empty()) members_.reserve(kUsualMembers);
    const std::string_view after_key = trimmed(text_.substr(value_begin_, end - value_begin_));
    members_.push_back({std::move(key_), trimmed(after_key.substr(1))});
    return true;
  }

  static constexpr std::size_t kUsualMembers = 16;

  std::string_view text_;
  rapidjson::InsituStringStream& stream_;
  std::size_t depth_ = 0;
  std::size_t value_begin_ = 0;  ///< just after the key, before the colon
  std::string key_;
  std::vector<Member> members_;
};

/// Of the few members that most objects have: sooner than they are sorted.
bool are_few_and_different(const std::vector<Member>& members) noexcept {
  constexpr std::size_t kFew = 24;
  if (members.size() > kFew) return false;
  for (auto one = members.begin(); one != members.end(); ++one) {
    const auto same = [one](const Member& other) { return other.key == one->key; };
    if (std::any_of(members.begin(), one, same)) return false;
  }
  return true;
}

std::vector<Member> last_of_duplicates(std::vector<Member> members) {
  if (are_few_and_different(members)) return members;
  std::vector<std::size_t> by_key(members.size());
  std::iota(by_key.begin(), by_key.end(), std::size_t{0});
  std::stable_sort(by_key.begin(), by_key.end(),
                   [&](std::size_t one, std::size_t other) { return members[one].key < members[other].key; });
  std::vector<bool> superseded(members.size(), false);
  bool any = false;
  for (std::size_t i = 1; i < by_key.size(); ++i) {
    if (members[by_key[i - 1]].key != members[by_key[i]].key) continue;
    superseded[by_key[i - 1]] = any = true;
  }
  if (!any) return members;
  std::vector<Member> kept;
  kept.reserve(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!superseded[i]) kept.push_back(std::move(members[i]));
  }
  return kept;
}

struct StringCatcher : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, StringCatcher> {
  bool Default() { return false; }  // NOLINT(readability-identifier-naming)
  bool String(const char* text, rapidjson::SizeType length, bool /*copy*/) {  // NOLINT
    value.assign(text, length);
    return true;
  }
  std::string value;
};

struct StringsCatcher : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, StringsCatcher> {
  bool Default() { return false; }                                  // NOLINT(readability-identifier-naming)
  bool StartArray() { return std::exchange(outside, false); }       // NOLINT(readability-identifier-naming)
  bool EndArray(rapidjson::SizeType /*elements*/) { return true; }  // NOLINT(readability-identifier-naming)
  bool String(const char* text, rapidjson::SizeType length, bool /*copy*/) {  // NOLINT
    values.emplace_back(text, length);
    return true;
  }
  bool RawNumber(const char* /*text*/, rapidjson::SizeType /*length*/, bool /*copy*/) {  // NOLINT
    return false;
  }
  bool outside = true;
  std::vector<std::string> values;
};

/// For the text of a value that parse_object has checked.
template <class Handler>
bool read(std::string_view text, Handler& handler) {
  Scratch scratch(text);
  auto stream = scratch.stream();
  return static_cast<bool>(rapidjson::Reader().Parse<kFlags>(stream, handler));
}

/// Looked up, since texts are mostly short and every byte is asked about.
constexpr std::array<bool, 256> kNeedsEscape = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = true;
  table['"'] = table['\\'] = true;
  return table;
}();

void append_escaped(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += kHex[byte >> 4U];
  out += kHex[byte & 0xFU];
}

void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    const auto* const next = std::find_if(text.begin(), text.end(),
                                          [](char c) { return kNeedsEscape[static_cast<unsigned char>(c)]; });
    const auto plain = static_cast<std::size_t>(next - text.begin());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    append_escaped(out, text.front());
    text.remove_prefix(1);
  }
  out.push_back('"');
}

/// Those that JSON has no place for, not even between its tokens.
bool is_foreign_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

/// In one pass without branches and of bytes alone, of which the compiler makes one that takes many at a
/// time.
bool has_foreign_control(std::string_view text) noexcept {
  unsigned char found = 0;
  for (const char c : text) found = static_cast<unsigned char>(found | (is_foreign_control(c) ? 1 : 0));
  return found != 0;
}

char first(std::string_view raw) noexcept { return raw.empty() ? '\0' : raw.front(); }

}  // namespace

std::optional<std::string_view> Object::find(std::string_view key) const noexcept {
  for (const Member& member : members_) {
    if (member.key == key) return member.raw;
  }
  return std::nullopt;
}

std::optional<std::string_view> Object::find_value(std::string_view key) const noexcept {
  const auto raw = find(key);
  if (raw && is_null(*raw)) return std::nullopt;
  return raw;
}

Result<Object, Refusal> parse_object(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  // The parser takes a NUL for the end of the text, and would let pass whatever follows it; and Debian's
  // scans over 0x1A to 0x1F where it looks at sixteen bytes at a time.
  if (has_foreign_control(text)) {
    const auto* const control = std::find_if(text.begin(), text.end(), is_foreign_control);
    return refuse(Reason::kBadJson,
                  "the payload holds a control character, at byte " + std::to_string(control - text.begin()));
  }
  if (const std::size_t valid = valid_utf8_prefix(text); valid != text.size()) {
    return refuse(Reason::kBadJson, "the payload is not UTF-8: wrong at byte " + std::to_string(valid));
  }
  Scratch scratch(text);
  auto stream = scratch.stream();
  Slicer slicer(text, stream);
  const rapidjson::ParseResult result = rapidjson::Reader().Parse<kFlags>(stream, slicer);
  if (slicer.too_deep()) {
    return refuse(Reason::kTooDeep, "nested deeper than " + std::to_string(kMaxDepth) + " levels");
  }
  if (result.Code() == rapidjson::kParseErrorTermination) {
    return refuse(Reason::kBadJson, "the payload is not a JSON object");
  }
  if (result.IsError()) {
    return refuse(Reason::kBadJson,
                  "the payload is not JSON: wrong at byte " + std::to_string(result.Offset()));
  }
  return Object(last_of_duplicates(slicer.take()));
}

bool is_null(std::string_view raw) noexcept { return raw == "null"; }
bool is_true(std::string_view raw) noexcept { return raw == "true"; }
bool is_false(std::string_view raw) noexcept { return raw == "false"; }
bool is_string(std::string_view raw) noexcept { return first(raw) == '"'; }
bool is_object(std::string_view raw) noexcept { return first(raw) == '{'; }
bool is_array(std::string_view raw) noexcept { return first(raw) == '['; }
bool is_number(std::string_view raw) noexcept {
  return first(raw) == '-' || (first(raw) >= '0' && first(raw) <= '9');
}

std::optional<std::string> string_value(std::string_view raw) {
  if (!is_string(raw)) return std::nullopt;
  if (raw.find('\\') == std::string_view::npos) return std::string(raw.substr(1, raw.size() - 2));
  StringCatcher catcher;
  // An escape can name half a surrogate pair, which no text holds.
  if (!read(raw, catcher) || !is_valid_utf8(catcher.value)) return std::nullopt;
  return std::move(catcher.value);
}

std::optional<std::int64_t> integer_value(std::string_view raw) noexcept {
  if (!is_number(raw)) return std::nullopt;
  const char* const end = raw.data() + raw.size();
  std::int64_t whole = 0;
  const auto as_integer = std::from_chars(raw.data(), end, whole);
  if (as_integer.ec == std::errc() && as_integer.ptr == end) return whole;
  double real = 0;
  const auto as_real = std::from_chars(raw.data(), end, real);
  constexpr double kLimit = 9.2e18;
  if (as_real.ec != std::errc() || as_real.ptr != end || std::abs(real) > kLimit) return std::nullopt;
  return static_cast<std::int64_t>(real);
}

std::optional<std::vector<std::string>> strings_value(std::string_view raw) {
  if (!is_string(raw) && !is_array(raw)) return std::nullopt;
  StringsCatcher catcher;
  if (!read(raw, catcher)) return std::nullopt;
  return std::move(catcher.values);
}

std::string quoted(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_quoted(out, text);
  return out;
}

void ObjectWriter::key(std::string_view name) {
  if (text_.size() > 1) text_.push_back(',');
  append_quoted(text_, name);
  text_.push_back(':');
}

ObjectWriter& ObjectWriter::raw(std::string_view name, std::string_view value) {
  key(name);
  text_.append(value);
  return *this;
}

ObjectWriter& ObjectWriter::string(std::string_view name, std::string_view value) {
  key(name);
  append_quoted(text_, value);
  return *this;
}

ObjectWriter& ObjectWriter::integer(std::string_view name, std::int64_t value) {
  return raw(name, std::to_string(value));
}

ObjectWriter& ObjectWriter::boolean(std::string_view name, bool value) {
  return raw(name, value ? "true" : "false");
}

std::string ObjectWriter::finish() {
  text_.push_back('}');
  return std::move(text_);
}

std::string with_member(std::string_view object, std::string_view key, std::string_view raw) {
  std::string out;
  out.reserve(object.size() + key.size() + raw.size() + 4);
  out.append(object.substr(0, object.size() - 1));
  if (out.size() > 1) out.push_back(',');
  append_quoted(out, key);
  out.push_back(':');
  out.append(raw);
  out.push_back('}');
  return out;
}

std::string with_changes(const Object& object, const std::vector<Change>& changes) {
  const auto changed = [&](std::string_view key) {
    return std::find_if(changes.begin(), changes.end(), [key](const Change& c) { return c.first == key; });
  };
  std::size_t size = 2;
  for (const auto& [key, raw] : object.members()) size += key.size() + raw.size() + 4;
  for (const auto& [key, raw] : changes) size += key.size() + raw.size() + 4;
  ObjectWriter writer(size);
  for (const auto& [key, raw] : object.members()) {
    const auto change = changed(key);
    writer.raw(key, change == changes.end() ? raw : std::string_view(change->second));
  }
  for (const auto& [key, raw] : changes) {
    if (!object.find(key)) writer.raw(key, raw);
  }
  return writer.finish();
}

}  // namespace inboxd::json
