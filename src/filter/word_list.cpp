#include "filter/word_list.hpp"

#include <algorithm>

#include "filter/folding.hpp"

namespace inboxd::filter {

void WordList::add(std::size_t rule, const Phrase& phrase) {
  Node node = 0;
  for (const std::string& text : phrase) {
    const auto word = vocabulary_.emplace(text, static_cast<std::uint32_t>(vocabulary_.size())).first->second;
    const auto [to, added] = edges_.emplace(edge(node, word), static_cast<Node>(ends_.size()));
    if (added) ends_.emplace_back();
    node = to->second;
  }
  const auto index = static_cast<std::uint32_t>(rule);
  std::vector<std::uint32_t>& rules = ends_[node];
  if (std::find(rules.begin(), rules.end(), index) == rules.end()) rules.push_back(index);
  ++size_;
}

void WordList::find(std::string_view text, const Found& found) const {
  if (size_ == 0) return;
  std::vector<Begun> begun;  // one for each of the last words at most
  for_each_word(text, [&](const Word& word) {
    const auto known = vocabulary_.find(word.folded);
    if (known == vocabulary_.end()) return begun.clear();
    step(known->second, word.range, begun, found);
  });
}

void WordList::step(std::uint32_t word, const Range& range, std::vector<Begun>& begun,
                    const Found& found) const {
  begun.push_back({.node = 0, .begin = range.begin});
  std::size_t kept = 0;
  for (const Begun& phrase : begun) {
    const auto to = edges_.find(edge(phrase.node, word));
    if (to == edges_.end()) continue;
    const Begun longer{.node = to->second, .begin = phrase.begin};
    begun[kept++] = longer;
    for (const std::uint32_t rule : ends_[longer.node]) found(rule, {longer.begin, range.end});
  }
  begun.resize(kept);
}

}  // namespace inboxd::filter
