#include "filter/filter_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "filter/document.hpp"
#include "filter/evaluation.hpp"

namespace inboxd::filter {
namespace {

void check_names(const Rules& rules, Problems& problems) {
  std::unordered_map<std::string_view, const Rule*> seen;
  for (const auto& rule : rules) {
    const auto [first, added] = seen.emplace(rule->name, rule.get());
    if (added || rule->name.empty()) continue;
    problems.push_back(
        fmt::format("{}: the name {} is taken: see {}", rule->where, rule->name, first->second->where));
  }
}

void check_sizes(const Rules& rules, Problems& problems) {
  std::size_t words = 0;
  std::size_t patterns = 0;
  const auto over = [&](const Rule& rule, std::size_t& sum, std::size_t more, std::size_t limit,
                        const char* what) {
    const bool fitted = sum <= limit;
    sum += more;
    if (!fitted || sum <= limit) return;
    problems.push_back(
        fmt::format("{}: with this filter there are more than {} {}", rule.where, limit, what));
  };
  for (const auto& rule : rules) {
    over(*rule, words, rule->phrases.size(), kMaxWords, "words and phrases");
    over(*rule, patterns, rule->patterns.size(), kMaxPatterns, "patterns");
  }
  if (rules.size() > kMaxRules) {
    problems.push_back(fmt::format("{}: more than {} filters", rules[kMaxRules]->where, kMaxRules));
  }
}

}  // namespace

Result<std::shared_ptr<const FilterSet>, Problems> FilterSet::compile(Rules rules) {
  Problems problems;
  check_names(rules, problems);
  check_sizes(rules, problems);
  if (!problems.empty()) return Failure<Problems>(std::move(problems));
  return std::shared_ptr<const FilterSet>(new FilterSet(std::move(rules)));  // NOLINT: a private constructor
}

FilterSet::FilterSet(Rules rules) : rules_(std::move(rules)) {
  for (std::size_t i = 0; i < rules_.size(); ++i) add(i);
  patterns_.seal();
}

void FilterSet::add(std::size_t index) {
  const Rule& rule = *rules_[index];
  for (const Phrase& phrase : rule.phrases) words_.add(index, phrase);
  for (const Pattern& pattern : rule.patterns) patterns_.add(index, pattern);
  if (!rule.links.empty() && !links_) links_.emplace();
  std::set<std::size_t> places;
  for (const FieldPath& path : rule.fields) places.insert(place_of(path));
  fields_.emplace_back(places.begin(), places.end());
}

std::size_t FilterSet::place_of(const FieldPath& path) {
  const auto known = std::find(paths_.begin(), paths_.end(), path);
  if (known == paths_.end()) {
    paths_.push_back(path);
    return paths_.size() - 1;
  }
  return static_cast<std::size_t>(known - paths_.begin());
}

Judgement FilterSet::judge(const Content& content) const { return Evaluation(*this, content).run(); }

Counts FilterSet::counts() const noexcept {
  return {.rules = rules_.size(), .words = words_.size(), .patterns = patterns_.size()};
}

Result<std::shared_ptr<const FilterSet>, Problems> load_file(const std::string& path) {
  Parsed parsed = read_policy_file(path);
  auto set = FilterSet::compile(std::move(parsed.rules));
  if (parsed.problems.empty()) return set;
  if (!set) parsed.problems.insert(parsed.problems.end(), set.error().begin(), set.error().end());
  return Failure<Problems>(std::move(parsed.problems));
}

}  // namespace inboxd::filter
