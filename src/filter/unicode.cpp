#include "filter/unicode.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "filter/text.hpp"

namespace inboxd::filter {
namespace {

struct Freed {
  void operator()(utf8proc_uint8_t* text) const noexcept { std::free(text); }  // NOLINT: the library's malloc
};

const utf8proc_uint8_t* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const utf8proc_uint8_t*>(text.data());
}

}  // namespace

CodePoint first_code_point(std::string_view text) noexcept {
  CodePoint first;
  const auto length =
      utf8proc_iterate(bytes_of(text), static_cast<utf8proc_ssize_t>(text.size()), &first.value);
  if (length > 0) first.length = static_cast<std::size_t>(length);
  return first;
}

Expansion::Expansion(std::int32_t c) noexcept {
  constexpr auto kOptions = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
                                                           UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  int boundary = 0;
  const auto room = static_cast<utf8proc_ssize_t>(parts_.size());
  const auto written = utf8proc_decompose_char(c, parts_.data(), room, kOptions, &boundary);
  size_ = static_cast<std::size_t>(std::clamp<utf8proc_ssize_t>(written, 0, room));
}

Kind kind_of(std::int32_t c) noexcept {
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return Kind::kLetter;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return Kind::kNumber;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
      return Kind::kMark;
    case UTF8PROC_CATEGORY_MC:
      return Kind::kSpacingMark;
    case UTF8PROC_CATEGORY_SM:
    case UTF8PROC_CATEGORY_SC:
    case UTF8PROC_CATEGORY_SK:
    case UTF8PROC_CATEGORY_SO:
      return Kind::kSymbol;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return Kind::kBlank;
    case UTF8PROC_CATEGORY_CC:
      return Kind::kControl;
    case UTF8PROC_CATEGORY_CF:
      return Kind::kFormat;
    default:
      return Kind::kOther;
  }
}

std::string compatible(std::string_view text) {
  constexpr auto kOptions = static_cast<utf8proc_option_t>(
      UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  utf8proc_uint8_t* raw = nullptr;
  const auto length =
      utf8proc_map(bytes_of(text), static_cast<utf8proc_ssize_t>(text.size()), &raw, kOptions);
  const std::unique_ptr<utf8proc_uint8_t, Freed> folded(raw);
  if (length < 0) return lowered(text);
  return {reinterpret_cast<const char*>(folded.get()), static_cast<std::size_t>(length)};
}

}  // namespace inboxd::filter
