#include "core/toml_text.hpp"

#include <algorithm>

namespace inboxd {
namespace {

/// How many quotes like the first there are at the beginning.
std::size_t quotes_at(std::string_view text) {
  return std::min(text.find_first_not_of(text.front()), text.size());
}

/// Bytes of the string that `text` begins with; one that is not closed ends where its line, or the text,
/// does.
std::size_t string_length(std::string_view text) {
  const char quote = text.front();
  const std::size_t opening = quotes_at(text);
  if (opening == 2) return 2;
  const bool many_lines = opening >= 3;
  std::size_t i = many_lines ? 3 : 1;
  while (i < text.size() && (many_lines || text[i] != '\n')) {
    if (text[i] == '\\' && quote == '"') {
      i += 2;
      continue;
    }
    const std::size_t run = text[i] == quote ? quotes_at(text.substr(i)) : 0;
    if (run > 0 && !many_lines) return i + 1;
    // Two more may stand before the three that close it.
    if (run >= 3) return i + std::min<std::size_t>(run, 5);
    i += std::max<std::size_t>(run, 1);
  }
  return std::min(i, text.size());
}

/// Bytes that begin `text` and may hold any character: a string or a comment; 0 where it begins with neither.
std::size_t free_length(std::string_view text) {
  if (text.front() == '#') return std::min(text.find('\n'), text.size());
  return text.front() == '"' || text.front() == '\'' ? string_length(text) : 0;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7F;
}

}  // namespace

std::size_t line_of_stray(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::size_t line = 1;
  std::size_t free_until = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i >= free_until) free_until = i + free_length(text.substr(i));
    if (is_control(text[i])) return line;
    if (i >= free_until && static_cast<unsigned char>(text[i]) >= 0x80) return line;
    if (text[i] == '\n') ++line;
  }
  return 0;
}

}  // namespace inboxd
