#include "filter/pattern_set.hpp"

#include <fmt/format.h>

#include <utility>

namespace inboxd::filter {
namespace {

re2::RE2::Options options(std::int64_t memory) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(memory);
  return options;
}

}  // namespace

Result<Pattern, std::string> compile_pattern(const std::string& text) {
  if (text.empty()) return Failure<std::string>("it is empty");
  if (text.size() > kMaxPatternBytes) {
    return Failure<std::string>(fmt::format("it is longer than {} bytes", kMaxPatternBytes));
  }
  auto pattern = std::make_shared<const re2::RE2>(text, options(kPatternMemory));
  if (!pattern->ok()) return Failure<std::string>(pattern->error());
  return pattern;
}

void places_of(const re2::RE2& pattern, std::string_view text, std::vector<Range>& places) {
  const re2::StringPiece subject(text.data(), text.size());
  std::size_t from = 0;
  for (std::size_t found = 0; from <= text.size(); ++found) {
    re2::StringPiece place;
    if (!pattern.Match(subject, from, text.size(), re2::RE2::UNANCHORED, &place, 1)) return;
    const auto begin = static_cast<std::size_t>(place.data() - subject.data());
    if (found == kMaxPlaces) return places.push_back({begin, text.size()});
    const std::size_t end = begin + place.size();
    if (end > begin) places.push_back({begin, end});
    // Never from the middle of a character: that would be another text.
    from = end > begin ? end : begin + offset_of(text.substr(begin), 1);
    if (end == begin && begin == text.size()) return;
  }
}

void PatternSet::add(std::size_t rule, Pattern pattern) { patterns_.push_back({rule, std::move(pattern)}); }

void PatternSet::seal(std::int64_t memory) {
  if (patterns_.empty()) return;
  auto set = std::make_unique<re2::RE2::Set>(options(memory), re2::RE2::UNANCHORED);
  for (const Entry& entry : patterns_) {
    if (set->Add(entry.pattern->pattern(), nullptr) < 0) return;
  }
  if (set->Compile()) set_ = std::move(set);
}

void PatternSet::find(std::string_view text, std::vector<bool>& rules) const {
  const re2::StringPiece subject(text.data(), text.size());
  std::vector<int> matching;
  re2::RE2::Set::ErrorInfo error{re2::RE2::Set::kNoError};
  const bool any = set_ && set_->Match(subject, &matching, &error);
  if (any || (set_ && error.kind == re2::RE2::Set::kNoError)) {
    for (const int index : matching) rules[patterns_[static_cast<std::size_t>(index)].rule] = true;
    return;
  }
  for (const Entry& entry : patterns_) {
    if (rules[entry.rule]) continue;
    rules[entry.rule] = entry.pattern->Match(subject, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
  }
}

}  // namespace inboxd::filter
