#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// What Unicode says of characters, as far as filters go by it.
namespace inboxd::filter {

/// A character of a text.
struct CodePoint {
  std::int32_t value = -1;  ///< -1: a byte that is not UTF-8
  std::size_t length = 1;   ///< bytes
};

/// The first of `text`, which is not empty.
CodePoint first_code_point(std::string_view text) noexcept;

/// A character without case, width and other differences of compatibility, taken apart. Empty where nobody
/// sees it (soft hyphens, zero-width joiners).
class Expansion {
 public:
  explicit Expansion(std::int32_t c) noexcept;
  std::span<std::int32_t> parts() noexcept { return {parts_.data(), size_}; }

 private:
  std::array<std::int32_t, 32> parts_{};
  std::size_t size_ = 0;
};

/// General categories, joined to what filters tell apart.
enum class Kind { kLetter, kNumber, kMark, kSpacingMark, kSymbol, kBlank, kControl, kFormat, kOther };

Kind kind_of(std::int32_t c) noexcept;

/// The text as it can be compared whatever its case and width, without what nobody sees (NFKC_Casefold). One
/// that is not valid UTF-8 is only put into lower case.
std::string compatible(std::string_view text);

}  // namespace inboxd::filter
