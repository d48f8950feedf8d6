#pragma once

#include <re2/re2.h>
#include <re2/set.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "filter/rule.hpp"
#include "filter/text.hpp"

namespace inboxd::filter {

using Pattern = std::shared_ptr<const re2::RE2>;

/// Or what is wrong with it.
Result<Pattern, std::string> compile_pattern(const std::string& text);

/// Adds the places where `pattern` matches in `text` to `places`. Where there are more than kMaxPlaces, the
/// last is all the rest.
void places_of(const re2::RE2& pattern, std::string_view text, std::vector<Range>& places);

/// The patterns of all rules, tried in one pass.
class PatternSet {
 public:
  /// Before seal(). `rule` is its place among the rules.
  void add(std::size_t rule, Pattern pattern);
  /// Ends the adding. `memory` bounds what the one pass may use.
  void seal(std::int64_t memory = kPatternSetMemory);

  std::size_t size() const noexcept { return patterns_.size(); }

  /// Sets `rules` at the place of each rule that has a pattern that matches. Where the one pass runs out of
  /// memory, the patterns are tried one after another.
  void find(std::string_view text, std::vector<bool>& rules) const;

 private:
  struct Entry {
    std::size_t rule;
    Pattern pattern;
  };

  std::vector<Entry> patterns_;
  std::unique_ptr<re2::RE2::Set> set_;  // null: they do not fit into its memory
};

}  // namespace inboxd::filter
