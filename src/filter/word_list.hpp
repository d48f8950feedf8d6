#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "filter/rule.hpp"
#include "filter/text.hpp"

namespace inboxd::filter {

/// The entries of all rules as one trie of words: a text takes a few hash look-ups for each of its words,
/// however many entries there are.
class WordList {
 public:
  /// `rule` is its place among the rules. At most kMaxPhraseWords in one phrase.
  void add(std::size_t rule, const Phrase& phrase);

  /// Entries, those of several rules once for each.
  std::size_t size() const noexcept { return size_; }

  /// Calls `found` with each rule that has an entry in `text`, and where; as often as it has. What stands
  /// between the words of a phrase does not matter, as long as it is no word.
  using Found = std::function<void(std::size_t rule, const Range& where)>;
  void find(std::string_view text, const Found& found) const;

 private:
  using Node = std::uint32_t;

  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard's name
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  struct Begun {
    Node node;
    std::size_t begin;
  };

  static std::uint64_t edge(Node from, std::uint32_t word) noexcept {
    return (std::uint64_t{from} << 32U) | word;
  }
  void step(std::uint32_t word, const Range& range, std::vector<Begun>& begun, const Found& found) const;

  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> vocabulary_;
  std::unordered_map<std::uint64_t, Node> edges_;
  std::vector<std::vector<std::uint32_t>> ends_{1};  // of each node: the rules whose entry ends there
  std::size_t size_ = 0;
};

}  // namespace inboxd::filter
