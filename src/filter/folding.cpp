#include "filter/folding.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <span>

namespace inboxd::filter {
namespace {

struct Block {
  utf8proc_int32_t first;
  utf8proc_int32_t last;
};

template <std::size_t kCount>
bool in_any(const std::array<Block, kCount>& blocks, utf8proc_int32_t c) noexcept {
  return std::any_of(blocks.begin(), blocks.end(),
                     [c](const Block& block) { return c >= block.first && c <= block.last; });
}

/// Marks that are left out: accents, and the points of Hebrew and Arabic. The vowel signs of Indian scripts
/// are marks too, but without them a word is another.
constexpr std::array<Block, 9> kAccents{{{0x0300, 0x036F},
                                         {0x0483, 0x0489},
                                         {0x0591, 0x05C7},
                                         {0x064B, 0x065F},
                                         {0x0670, 0x0670},
                                         {0x1AB0, 0x1AFF},
                                         {0x1DC0, 0x1DFF},
                                         {0x20D0, 0x20FF},
                                         {0xFE20, 0xFE2F}}};

/// Thai, Lao, Burmese, Khmer, kana, Han.
constexpr std::array<Block, 7> kWithoutBlanks{{{0x0E00, 0x0EFF},
                                               {0x1000, 0x109F},
                                               {0x1780, 0x17FF},
                                               {0x3040, 0x30FF},
                                               {0x3400, 0x4DBF},
                                               {0x4E00, 0x9FFF},
                                               {0x20000, 0x3FFFF}}};

/// Letters that look like others with a stroke or without a dot, which Unicode does not take apart.
utf8proc_int32_t plain(utf8proc_int32_t c) noexcept {
  switch (c) {
    case 0x0111:
      return 'd';
    case 0x0127:
      return 'h';
    case 0x0131:
      return 'i';
    case 0x0142:
      return 'l';
    case 0x00F8:
      return 'o';
    case 0x0167:
      return 't';
    default:
      return c;
  }
}

enum class Kind { kLetter, kMark, kOther };

Kind kind_of(utf8proc_int32_t c) noexcept {
  const utf8proc_category_t category = utf8proc_category(c);
  if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) return Kind::kLetter;
  if (category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME) return Kind::kMark;
  if (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO) return Kind::kLetter;
  return Kind::kOther;
}

/// One character as it is compared. Empty where it is an accent or invisible.
class Folded {
 public:
  explicit Folded(utf8proc_int32_t c) {
    constexpr auto kOptions = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
                                                             UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    int boundary = 0;
    const auto room = static_cast<utf8proc_ssize_t>(parts_.size());
    const auto written = utf8proc_decompose_char(c, parts_.data(), room, kOptions, &boundary);
    size_ = static_cast<std::size_t>(std::clamp<utf8proc_ssize_t>(written, 0, room));
    const auto end = parts_.begin() + static_cast<std::ptrdiff_t>(size_);
    const auto kept = std::remove_if(parts_.begin(), end, [](auto part) { return in_any(kAccents, part); });
    size_ = static_cast<std::size_t>(kept - parts_.begin());
    std::transform(parts_.begin(), kept, parts_.begin(), plain);
  }

  std::span<const utf8proc_int32_t> parts() const noexcept { return {parts_.data(), size_}; }

 private:
  std::array<utf8proc_int32_t, 32> parts_{};
  std::size_t size_ = 0;
};

void append(std::string& out, utf8proc_int32_t c) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const auto count = utf8proc_encode_char(c, bytes.data());
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    out.push_back(static_cast<char>(bytes.at(i)));
  }
}

class Splitter {
 public:
  explicit Splitter(const std::function<void(const Word&)>& found) : found_(found) {}

  void take(utf8proc_int32_t c, const Range& at) {
    if (c < 0x80) return take_ascii(static_cast<char>(c), at);
    const Folded folded(c);
    const auto parts = folded.parts();
    if (parts.empty()) return extend(at);
    const Kind kind = kind_of(parts.front());
    if (kind == Kind::kMark && folded_.empty()) return;
    if (kind == Kind::kOther) return end();
    if (kind == Kind::kLetter && in_any(kWithoutBlanks, parts.front())) {
      end();
      alone_ = true;
    } else if (kind == Kind::kLetter && alone_) {
      end();
    }
    cover(at);
    for (const utf8proc_int32_t part : parts) {
      if (kind_of(part) != Kind::kOther) append(folded_, part);
    }
  }

  void end() {
    if (!folded_.empty()) found_({.folded = folded_, .range = range_});
    folded_.clear();
    alone_ = false;
  }

 private:
  void take_ascii(char c, const Range& at) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (!upper && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) return end();
    if (alone_) end();
    cover(at);
    folded_.push_back(upper ? static_cast<char>(c - 'A' + 'a') : c);
  }

  void cover(const Range& at) {
    if (folded_.empty()) range_.begin = at.begin;
    range_.end = at.end;
  }

  void extend(const Range& at) {
    if (!folded_.empty()) range_.end = at.end;
  }

  const std::function<void(const Word&)>& found_;
  std::string folded_;
  Range range_;
  bool alone_ = false;  // of a script without blanks: the next letter begins another word
};

}  // namespace

void for_each_word(std::string_view text, const std::function<void(const Word&)>& found) {
  Splitter splitter(found);
  for (std::size_t at = 0; at < text.size();) {
    utf8proc_int32_t c = 0;
    const auto* const bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at);
    const auto length = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size() - at), &c);
    if (length <= 0) break;
    const std::size_t next = at + static_cast<std::size_t>(length);
    splitter.take(c, {at, next});
    at = next;
  }
  splitter.end();
}

Phrase phrase_of(std::string_view text) {
  Phrase phrase;
  for_each_word(text, [&phrase](const Word& word) { phrase.emplace_back(word.folded); });
  return phrase;
}

}  // namespace inboxd::filter
