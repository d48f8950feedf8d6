#include "filter/evaluation.hpp"

#include <algorithm>

namespace inboxd::filter {
namespace {

std::string type_of(const json::Object& fields) {
  const auto raw = fields.find_value("type");
  return raw && json::is_string(*raw) ? text_of(*raw) : "text";
}

bool lists(const std::vector<std::string>& any, std::string_view one) {
  return any.empty() || std::find(any.begin(), any.end(), one) != any.end();
}

}  // namespace

Evaluation::Evaluation(const FilterSet& set, const Content& content)
    : set_(set),
      content_(content),
      fields_(content.fields),
      type_(type_of(content.fields)),
      texts_(set.paths().size()) {}

Judgement Evaluation::run() {
  Judgement judgement;
  for (std::size_t i = 0; i < set_.rules().size(); ++i) {
    if (!concerns(*set_.rules()[i]) || !matches(i)) continue;
    apply(i, judgement);
    if (judgement.rejection) return judgement;
    if (judgement.shadowed) break;
  }
  judgement.changes = std::move(fields_).take();
  return judgement;
}

bool Evaluation::concerns(const Rule& rule) const {
  const bool goes_there = (content_.group && rule.group) || (content_.direct && rule.direct);
  return goes_there && lists(rule.types, type_) && lists(rule.apps, content_.app.str());
}

bool Evaluation::matches(std::size_t index) {
  const Rule& rule = *set_.rules()[index];
  if (rule.matches_everything()) return true;
  if (!rule.attachments.empty() &&
      is_attachment(fields_.top("metadata").value_or("null"), rule.attachments)) {
    return true;
  }
  const auto& places = set_.fields()[index];
  return std::any_of(places.begin(), places.end(), [&](std::size_t place) {
    Text* const text = text_at(place);
    return text != nullptr && matches_text(index, *text);
  });
}

bool Evaluation::matches_text(std::size_t index, Text& text) const {
  const Rule& rule = *set_.rules()[index];
  if (rule.longer_than && code_points(text.value) > *rule.longer_than) return true;
  return has_word(index, text) || has_pattern(index, text) || has_link(rule, text);
}

bool Evaluation::has_word(std::size_t index, Text& text) const {
  if (set_.rules()[index]->phrases.empty()) return false;
  if (!text.words) {
    text.words.emplace(set_.rules().size());
    set_.words().find(text.value, [&](std::size_t rule, const Range&) { (*text.words)[rule] = true; });
  }
  return (*text.words)[index];
}

bool Evaluation::has_pattern(std::size_t index, Text& text) const {
  if (set_.rules()[index]->patterns.empty()) return false;
  if (!text.patterns) {
    text.patterns.emplace(set_.rules().size());
    set_.patterns().find(text.value, *text.patterns);
  }
  return (*text.patterns)[index];
}

bool Evaluation::has_link(const Rule& rule, const Text& text) const {
  bool any = false;
  if (rule.links.empty()) return any;
  set_.links().find(text.value,
                    [&](const std::string& host, const Range&) { any = any || wants(rule.links, host); });
  return any;
}

Evaluation::Text* Evaluation::text_at(std::size_t place) {
  auto& text = texts_[place];
  if (!text) {
    auto value = fields_.text(set_.paths()[place]);
    text.emplace(value ? std::optional(Text{.value = *std::move(value)}) : std::nullopt);
  }
  return *text ? &**text : nullptr;
}

void Evaluation::apply(std::size_t index, Judgement& judgement) {
  const Rule& rule = *set_.rules()[index];
  judgement.matches.push_back({.rule = rule.name, .action = rule.action});
  switch (rule.action) {
    case FilterAction::kReject:
      judgement.rejection = rule.rejection;
      break;
    case FilterAction::kMask:
      mask(index);
      break;
    case FilterAction::kFlag:
      fields_.flag(rule.name);
      forget_attributes();
      break;
    case FilterAction::kShadow:
      judgement.shadowed = true;
      break;
  }
}

void Evaluation::forget_attributes() {
  for (std::size_t place = 0; place < texts_.size(); ++place) {
    if (set_.paths()[place].front() == "attributes") texts_[place].reset();
  }
}

void Evaluation::mask(std::size_t index) {
  for (const std::size_t place : set_.fields()[index]) {
    Text* const text = text_at(place);
    if (text == nullptr) continue;
    std::string value = masked(text->value, places_in(index, *text));
    if (value == text->value) continue;
    fields_.set_text(set_.paths()[place], value);
    *text = Text{.value = std::move(value)};
  }
}

std::vector<Range> Evaluation::places_in(std::size_t index, Text& text) const {
  const Rule& rule = *set_.rules()[index];
  std::vector<Range> places;
  if (has_word(index, text)) {
    set_.words().find(text.value, [&](std::size_t found, const Range& where) {
      if (found == index) places.push_back(where);
    });
  }
  if (has_pattern(index, text)) {
    for (const Pattern& pattern : rule.patterns) places_of(*pattern, text.value, places);
  }
  if (!rule.links.empty()) {
    set_.links().find(text.value, [&](const std::string& host, const Range& where) {
      if (wants(rule.links, host)) places.push_back(where);
    });
  }
  if (rule.longer_than) places.push_back({offset_of(text.value, *rule.longer_than), text.value.size()});
  return places;
}

}  // namespace inboxd::filter
