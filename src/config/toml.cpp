#include <fmt/format.h>

// The parser asserts that a table's name begins like one, and then finds out by itself that it does not: a
// slip of the pen must not end a debug build. As in filter/toml_document.cpp, or there would be two
// definitions of one parser.
#define TOML_ASSERT(expression) static_assert(true)
#include <toml++/toml.h>

#include <optional>

#include "config/load.hpp"
#include "core/toml_text.hpp"

namespace inboxd::config {
namespace {

std::optional<std::string> array_text(const toml::array& array) {
  std::string text;
  for (const toml::node& item : array) {
    const auto* string = item.as_string();
    if (string == nullptr) return std::nullopt;
    if (!text.empty()) text += ',';
    text += string->get();
  }
  return text;
}

std::optional<FileEntry> entry_of(std::string key, const toml::node& node) {
  FileEntry entry{std::move(key), {}, FileEntry::Type::kString, node.source().begin.line};
  if (const auto* string = node.as_string()) {
    entry.value = string->get();
  } else if (const auto* integer = node.as_integer()) {
    entry.type = FileEntry::Type::kInteger;
    entry.value = fmt::format("{}", integer->get());
  } else if (const auto* boolean = node.as_boolean()) {
    entry.type = FileEntry::Type::kBool;
    entry.value = boolean->get() ? "true" : "false";
  } else if (const auto* array = node.as_array()) {
    auto text = array_text(*array);
    if (!text) return std::nullopt;
    entry.type = FileEntry::Type::kArray;
    entry.value = std::move(*text);
  } else {
    return std::nullopt;
  }
  return entry;
}

}  // namespace

tl::expected<std::vector<FileEntry>, Problems> parse_file(std::string_view text, std::string_view name) {
  if (const std::size_t line = line_of_stray(text); line > 0) {
    return tl::unexpected(Problems{fmt::format(
        "{} is not valid TOML: line {} has a character that can only stand in a string, if at all", name,
        line)});
  }
  std::vector<FileEntry> entries;
  Problems problems;
  try {
    const toml::table table = toml::parse(text);
    for (const auto& [key, node] : table) {
      auto entry = entry_of(std::string(key.str()), node);
      if (entry) {
        entries.push_back(std::move(*entry));
      } else {
        problems.push_back(
            fmt::format("{} (line {} of {}): a setting is a string, an integer, a boolean or an array of "
                        "strings, and stands outside tables",
                        key.str(), node.source().begin.line, name));
      }
    }
  } catch (const toml::parse_error& error) {
    // The parser's words may quote the text, and with it a secret: the place alone must do.
    return tl::unexpected(Problems{fmt::format("{} is not valid TOML: see line {}, column {}", name,
                                               error.source().begin.line, error.source().begin.column)});
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return entries;
}

}  // namespace inboxd::config
