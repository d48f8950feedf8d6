#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/content_filter.hpp"
#include "filter/fields.hpp"
#include "filter/filter_set.hpp"
#include "filter/text.hpp"

namespace inboxd::filter {

/// One message's way through the rules.
class Evaluation {
 public:
  /// Both must outlive this.
  Evaluation(const FilterSet& set, const Content& content);

  /// Once.
  Judgement run();

 private:
  /// One field as it is now, and what was found out about it. Looked into when first asked for, and anew
  /// after a mask.
  struct Text {
    std::string value;
    std::optional<std::vector<bool>> words;     ///< at each rule's place: whether it has an entry in it
    std::optional<std::vector<bool>> patterns;  ///< likewise
  };

  bool concerns(const Rule& rule) const;
  bool matches(std::size_t index);
  bool matches_text(std::size_t index, Text& text) const;
  bool has_word(std::size_t index, Text& text) const;
  bool has_pattern(std::size_t index, Text& text) const;
  bool has_link(const Rule& rule, const Text& text) const;
  /// Null where the message has no such string.
  Text* text_at(std::size_t place);

  void apply(std::size_t index, Judgement& judgement);
  void forget_attributes();
  void mask(std::size_t index);
  std::vector<Range> places_in(std::size_t index, Text& text) const;

  const FilterSet& set_;
  const Content& content_;
  Fields fields_;
  const std::string type_;
  std::vector<std::optional<std::optional<Text>>> texts_;  // by place; outer: not asked for yet
};

}  // namespace inboxd::filter
