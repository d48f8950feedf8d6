#include <fmt/format.h>

#include <algorithm>

#include "core/id.hpp"
#include "core/json.hpp"
#include "filter/document.hpp"
#include "filter/text.hpp"

namespace inboxd::filter {
namespace {

/// Tells the lines of parts of a text. They must be asked for from the front to the back for it to be quick.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  std::size_t of(std::string_view part) {
    const auto at = static_cast<std::size_t>(part.data() - text_.data());
    if (at < counted_) counted_ = 0, line_ = 1;
    const std::string_view between = text_.substr(counted_, at - counted_);
    line_ += static_cast<std::size_t>(std::count(between.begin(), between.end(), '\n'));
    counted_ = at;
    return line_;
  }

 private:
  std::string_view text_;
  std::size_t counted_ = 0;
  std::size_t line_ = 1;
};

bool is_whole(std::string_view raw) {
  return json::is_number(raw) && raw.find_first_of(".eE") == std::string_view::npos;
}

std::optional<std::vector<WrittenText>> texts_of(std::string_view raw, Lines& lines) {
  std::vector<WrittenText> texts;
  for (const std::string_view element : elements_of(raw)) {
    auto text = json::string_value(element);
    if (!text) return std::nullopt;
    texts.push_back({.text = *std::move(text), .line = lines.of(element)});
  }
  return texts;
}

WrittenValue value_of(std::string_view raw, Lines& lines) {
  WrittenValue written{.value = Unusable{}, .line = lines.of(raw)};
  if (json::is_true(raw) || json::is_false(raw)) {
    written.value = json::is_true(raw);
  } else if (is_whole(raw)) {
    if (const auto number = json::integer_value(raw)) written.value = *number;
  } else if (json::is_array(raw)) {
    if (auto texts = texts_of(raw, lines)) written.value = *std::move(texts);
  } else if (auto text = json::string_value(raw)) {
    written.value = *std::move(text);
  }
  return written;
}

void take_filter(std::string_view raw, Lines& lines, std::vector<WrittenRule>& rules,
                 Complaints& complaints) {
  WrittenRule rule{.line = lines.of(raw)};
  const auto object = json::is_object(raw) ? json::parse_object(raw) : Failure<Refusal>(Refusal{});
  if (!object) return complaints.add(rule.line, "a filter is an object");
  for (const auto& [key, value] : object->members()) rule.keys.emplace_back(key, value_of(value, lines));
  rules.push_back(std::move(rule));
}

}  // namespace

std::vector<WrittenRule> written_in_json(std::string_view text, Complaints& complaints) {
  std::vector<WrittenRule> rules;
  if (text.size() > kMaxDocumentBytes) {
    complaints.add(1, fmt::format("larger than {} bytes", kMaxDocumentBytes));
    return rules;
  }
  const auto document = json::parse_object(text);
  if (!document) {
    complaints.add(1, document.error().detail);
    return rules;
  }
  Lines lines(text);
  for (const auto& [key, raw] : document->members()) {
    if (key != "filters") complaints.add(lines.of(raw), fmt::format("{}: unknown", key));
  }
  const auto filters = document->find("filters");
  if (!filters || !json::is_array(*filters)) {
    complaints.add(1, "filters: an array is expected");
    return rules;
  }
  for (const std::string_view raw : elements_of(*filters)) take_filter(raw, lines, rules, complaints);
  return rules;
}

}  // namespace inboxd::filter
