#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/content_filter.hpp"
#include "core/result.hpp"
#include "filter/links.hpp"
#include "filter/pattern_set.hpp"
#include "filter/rule.hpp"
#include "filter/word_list.hpp"

namespace inboxd::filter {

/// Of a set: what an operator wants to see of it.
struct Counts {
  std::size_t rules = 0;
  std::size_t words = 0;  ///< and phrases
  std::size_t patterns = 0;
};

/// Rules, compiled to be asked together.
class FilterSet final : public ContentFilter {
 public:
  /// Every rule's `fields`, as places in `paths`.
  using Places = std::vector<std::vector<std::size_t>>;

  /// Or what is wrong with the rules as a whole: names given twice, too many of anything.
  static Result<std::shared_ptr<const FilterSet>, Problems> compile(Rules rules);

  Judgement judge(const Content& content) const override;

  Counts counts() const noexcept;

  // What one message's evaluation looks up.
  const Rules& rules() const noexcept { return rules_; }
  const std::vector<FieldPath>& paths() const noexcept { return paths_; }
  const Places& fields() const noexcept { return fields_; }
  const WordList& words() const noexcept { return words_; }
  const PatternSet& patterns() const noexcept { return patterns_; }
  /// Where any rule has links.
  const LinkFinder& links() const noexcept { return *links_; }

 private:
  explicit FilterSet(Rules rules);
  void add(std::size_t index);
  std::size_t place_of(const FieldPath& path);

  Rules rules_;
  std::vector<FieldPath> paths_;  // each that any rule looks at, once
  Places fields_;
  WordList words_;
  PatternSet patterns_;
  std::optional<LinkFinder> links_;  // its pattern is large: only where it is needed
};

/// The rules of a file, or everything that is wrong with it.
Result<std::shared_ptr<const FilterSet>, Problems> load_file(const std::string& path);

}  // namespace inboxd::filter
