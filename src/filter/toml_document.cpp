#include <fmt/format.h>

// The parser asserts that a table's name begins like one, and then finds out by itself that it does not: a
// slip of the pen must not end a debug build. As in config/toml.cpp, or there would be two definitions of one
// parser.
#define TOML_ASSERT(expression) static_assert(true)
#include <toml++/toml.h>

#include "core/toml_text.hpp"
#include "filter/document.hpp"

namespace inboxd::filter {
namespace {

std::size_t line_of(const toml::source_region& region) { return region.begin.line; }

WrittenValue value_of(const toml::node& node, std::size_t line) {
  WrittenValue written{.value = Unusable{}, .line = line};
  if (const auto* string = node.as_string()) {
    written.value = string->get();
  } else if (const auto* integer = node.as_integer()) {
    written.value = integer->get();
  } else if (const auto* boolean = node.as_boolean()) {
    written.value = boolean->get();
  } else if (const auto* array = node.as_array()) {
    std::vector<WrittenText> texts;
    for (const toml::node& item : *array) {
      const auto* text = item.as_string();
      if (text == nullptr) return written;
      texts.push_back({.text = text->get(), .line = line_of(item.source())});
    }
    written.value = std::move(texts);
  }
  return written;
}

WrittenRule rule_of(const toml::table& table) {
  WrittenRule rule{.line = line_of(table.source())};
  for (const auto& [key, node] : table) {
    rule.keys.emplace_back(key.str(), value_of(node, line_of(key.source())));
  }
  return rule;
}

void take_filters(const toml::node& node, std::size_t line, std::vector<WrittenRule>& rules,
                  Complaints& complaints) {
  const auto* array = node.as_array();
  if (array == nullptr) return complaints.add(line, "filters are written as [[filter]]");
  for (const toml::node& item : *array) {
    if (const auto* table = item.as_table()) {
      rules.push_back(rule_of(*table));
    } else {
      complaints.add(line_of(item.source()), "filters are written as [[filter]]");
    }
  }
}

}  // namespace

std::vector<WrittenRule> written_in_toml(std::string_view text, Complaints& complaints) {
  std::vector<WrittenRule> rules;
  if (const std::size_t line = line_of_stray(text); line > 0) {
    complaints.add(line, "not valid TOML: a character that can only stand in a string, if at all");
    return rules;
  }
  try {
    for (const toml::table table = toml::parse(text); const auto& [key, node] : table) {
      if (key.str() == "filter") {
        take_filters(node, line_of(key.source()), rules, complaints);
      } else {
        complaints.add(line_of(key.source()), fmt::format("{}: unknown", key.str()));
      }
    }
  } catch (const toml::parse_error& error) {
    complaints.add(line_of(error.source()), fmt::format("not valid TOML: {}", error.description()));
  }
  return rules;
}

}  // namespace inboxd::filter
