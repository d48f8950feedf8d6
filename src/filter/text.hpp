#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Small things about texts, which are valid UTF-8 throughout.
namespace inboxd::filter {

/// Bytes of a text, from `begin` up to `end`.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;

  friend auto operator<=>(const Range&, const Range&) = default;
};

/// `text` with an asterisk for each code point that lies, whole or in part, in any of `ranges`.
std::string masked(std::string_view text, std::vector<Range> ranges);

std::size_t code_points(std::string_view text) noexcept;

/// Where the code point after the first `count` begins; the text's end where it has no more.
std::size_t offset_of(std::string_view text, std::size_t count) noexcept;

/// ASCII letters in lower case, all else as it is.
std::string lowered(std::string_view text);

/// `%41` becomes `A`; what is no such escape stays.
std::string percent_decoded(std::string_view text);

/// Without the blanks around it.
std::string_view trimmed(std::string_view text) noexcept;

/// What the JSON string `raw` says. An escape of half a surrogate pair, which no text holds, becomes U+FFFD:
/// one of them must not hide the whole text. Empty where `raw` is not a string.
std::string text_of(std::string_view raw);

/// The texts of the elements of `raw`, a JSON array that was checked.
std::vector<std::string_view> elements_of(std::string_view raw);

}  // namespace inboxd::filter
