#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "filter/rule.hpp"
#include "filter/text.hpp"

/// Texts as words that can be compared whatever their case, their accents and their width.
namespace inboxd::filter {

/// A word of a text: as it is compared, and where it stands. `folded` is valid during the call only.
struct Word {
  std::string_view folded;
  Range range;
};

/// Calls `found` for each word of `text`, in order. A word is a run of letters, digits and the marks that
/// belong to them; characters that nobody sees (soft hyphens, zero-width joiners, controls) do not end it.
/// Where a script is written without blanks each of its characters is a word. `text` must be valid UTF-8;
/// from a byte that is not, the rest is left out.
void for_each_word(std::string_view text, const std::function<void(const Word&)>& found);

/// The words of one entry. Empty where there is no letter or digit in it.
Phrase phrase_of(std::string_view text);

}  // namespace inboxd::filter
