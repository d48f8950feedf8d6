#include "filter/text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/json.hpp"

namespace inboxd::filter {
namespace {

bool continues(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Whole code points, in order, none overlapping another.
std::vector<Range> tidied(std::string_view text, std::vector<Range> ranges) {
  for (Range& range : ranges) {
    while (range.begin > 0 && range.begin < text.size() && continues(text[range.begin])) --range.begin;
    while (range.end < text.size() && continues(text[range.end])) ++range.end;
  }
  std::sort(ranges.begin(), ranges.end());
  std::size_t covered = 0;
  for (Range& range : ranges) {
    range.begin = std::max(range.begin, covered);
    range.end = std::max(range.begin, range.end);
    covered = range.end;
  }
  return ranges;
}

/// The two bytes after `%`, as the one that they stand for.
std::optional<char> escaped_byte(std::string_view text) noexcept {
  if (text.size() < 3) return std::nullopt;
  unsigned value = 0;
  const auto read = std::from_chars(text.data() + 1, text.data() + 3, value, 16);
  if (read.ec != std::errc() || read.ptr != text.data() + 3) return std::nullopt;
  return static_cast<char>(value);
}

/// The number of a `\uXXXX` at the beginning, or 0.
unsigned escaped_unit(std::string_view raw) noexcept {
  unsigned value = 0;
  if (raw.size() < 6 || raw[1] != 'u') return 0;
  std::from_chars(raw.data() + 2, raw.data() + 6, value, 16);
  return value;
}

bool is_high(unsigned unit) noexcept { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(unsigned unit) noexcept { return unit >= 0xDC00 && unit < 0xE000; }

/// The JSON string with U+FFFD in the place of half surrogate pairs.
std::string mended(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size();) {
    std::size_t length = 1;
    if (raw[i] == '\\') {
      const unsigned unit = escaped_unit(raw.substr(i));
      const bool pair = is_high(unit) && i + 6 < raw.size() && raw[i + 6] == '\\' &&
                        is_low(escaped_unit(raw.substr(i + 6)));
      length = pair ? 12 : unit != 0 ? 6 : 2;
      if (!pair && (is_high(unit) || is_low(unit))) {
        out += "\\ufffd";
        i += length;
        continue;
      }
    }
    out += raw.substr(i, length);
    i += length;
  }
  return out;
}

}  // namespace

std::string masked(std::string_view text, std::vector<Range> ranges) {
  std::string out;
  out.reserve(text.size());
  std::size_t copied = 0;
  for (const Range& range : tidied(text, std::move(ranges))) {
    out += text.substr(copied, range.begin - copied);
    out.append(code_points(text.substr(range.begin, range.end - range.begin)), '*');
    copied = range.end;
  }
  out += text.substr(copied);
  return out;
}

std::size_t code_points(std::string_view text) noexcept {
  return text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), continues));
}

std::size_t offset_of(std::string_view text, std::size_t count) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (continues(text[i])) continue;
    if (count == 0) return i;
    --count;
  }
  return text.size();
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? escaped_byte(text.substr(i)) : std::nullopt;
    out.push_back(byte.value_or(text[i]));
    if (byte) i += 2;
  }
  return out;
}

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string text_of(std::string_view raw) {
  if (auto text = json::string_value(raw)) return *std::move(text);
  return json::is_string(raw) ? json::string_value(mended(raw)).value_or("") : "";
}

std::vector<std::string_view> elements_of(std::string_view raw) {
  std::vector<std::string_view> elements;
  std::size_t begin = 1;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if ((c != ',' || depth != 1) && depth != 0) continue;
    const std::string_view element = trimmed(raw.substr(begin, i - begin));
    if (!element.empty()) elements.push_back(element);
    begin = i + 1;
  }
  return elements;
}

}  // namespace inboxd::filter
