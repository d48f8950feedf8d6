#include "filter/folding.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <span>

#include "filter/unicode.hpp"

namespace inboxd::filter {
namespace {

struct Block {
  std::int32_t first;
  std::int32_t last;
};

template <std::size_t kCount>
bool in_any(const std::array<Block, kCount>& blocks, std::int32_t c) noexcept {
  return std::any_of(blocks.begin(), blocks.end(),
                     [c](const Block& block) { return c >= block.first && c <= block.last; });
}

/// Marks that are left out wherever they stand: accents, and the points of Hebrew and Arabic. The vowel signs
/// of Indian scripts are marks too, but without them a word is another.
constexpr std::array<Block, 14> kAccents{{{0x0300, 0x036F},
                                          {0x0483, 0x0489},
                                          {0x0591, 0x05C7},
                                          {0x0610, 0x061A},
                                          {0x064B, 0x065F},
                                          {0x0670, 0x0670},
                                          {0x06D6, 0x06DC},
                                          {0x06DF, 0x06E4},
                                          {0x06E7, 0x06E8},
                                          {0x06EA, 0x06ED},
                                          {0x1AB0, 0x1AFF},
                                          {0x1DC0, 0x1DFF},
                                          {0x20D0, 0x20FF},
                                          {0xFE20, 0xFE2F}}};

/// Latin, Greek and Cyrillic as they are once folded, and the digits that go with them: on these any mark is
/// an accent, whatever script it was made for.
constexpr std::array<Block, 14> kEuropean{{{'0', '9'},
                                           {'a', 'z'},
                                           {0x00C0, 0x02FF},
                                           {0x0370, 0x052F},
                                           {0x1C80, 0x1C8F},
                                           {0x1D00, 0x1DBF},
                                           {0x1E00, 0x1FFF},
                                           {0x2C60, 0x2C7F},
                                           {0xA640, 0xA69F},
                                           {0xA720, 0xA7FF},
                                           {0xAB30, 0xAB6F},
                                           {0x10780, 0x107BF},
                                           {0x1DF00, 0x1DFFF},
                                           {0x1E030, 0x1E08F}}};

/// Thai, Lao, Burmese, Khmer, kana, Han.
constexpr std::array<Block, 7> kWithoutBlanks{{{0x0E00, 0x0EFF},
                                               {0x1000, 0x109F},
                                               {0x1780, 0x17FF},
                                               {0x3040, 0x30FF},
                                               {0x3400, 0x4DBF},
                                               {0x4E00, 0x9FFF},
                                               {0x20000, 0x3FFFF}}};

/// Letters that look like others with a stroke or without a dot, which Unicode does not take apart.
std::int32_t plain(std::int32_t c) noexcept {
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

bool is_word(Kind kind) noexcept { return kind == Kind::kLetter || kind == Kind::kNumber; }

bool is_mark(Kind kind) noexcept { return kind == Kind::kMark || kind == Kind::kSpacingMark; }

/// Whether readers see nothing where it stands, not even a gap. U+0085 is a new line by the standard, but not
/// in browsers: what it parts they show as one word.
bool is_unseen(std::int32_t c) noexcept {
  constexpr std::string_view kBlanks = "\t\n\v\f\r";
  const Kind kind = kind_of(c);
  return kind == Kind::kFormat ||
         (kind == Kind::kControl && (c >= 0x80 || kBlanks.find(static_cast<char>(c)) == kBlanks.npos));
}

/// One character as it is compared. Empty where it is an accent or invisible.
class Folded {
 public:
  explicit Folded(std::int32_t c) noexcept : expansion_(c) {
    const auto parts = expansion_.parts();
    const auto kept =
        std::remove_if(parts.begin(), parts.end(), [](auto part) { return in_any(kAccents, part); });
    std::transform(parts.begin(), kept, parts.begin(), plain);
    size_ = static_cast<std::size_t>(kept - parts.begin());
  }

  std::span<const std::int32_t> parts() noexcept { return expansion_.parts().first(size_); }

 private:
  Expansion expansion_;
  std::size_t size_ = 0;
};

void append(std::string& out, std::int32_t c) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const auto count = utf8proc_encode_char(c, bytes.data());
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    out.push_back(static_cast<char>(bytes.at(i)));
  }
}

class Splitter {
 public:
  explicit Splitter(const std::function<void(const Word&)>& found) : found_(found) {}

  void take(std::int32_t c, const Range& at) {
    if (c >= ' ' && c < 0x7F) return take_ascii(static_cast<char>(c), at);
    if (is_unseen(c)) return extend(at);
    Folded folded(c);
    const auto parts = folded.parts();
    if (parts.empty()) return extend(at);
    const Kind kind = kind_of(parts.front());
    if (is_mark(kind) && folded_.empty()) return;
    if (!is_word(kind) && !is_mark(kind)) return end();
    if (is_word(kind)) begin_letter(in_any(kWithoutBlanks, parts.front()));
    cover(at);
    for (const std::int32_t part : parts) add(part);
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
    begin_letter(false);
    cover(at);
    european_ = true;
    folded_.push_back(upper ? static_cast<char>(c - 'A' + 'a') : c);
  }

  void begin_letter(bool alone) {
    if (alone || alone_) end();
    alone_ = alone;
  }

  void add(std::int32_t part) {
    const Kind kind = kind_of(part);
    if (kind == Kind::kMark && european_) return;
    if (is_word(kind)) european_ = in_any(kEuropean, part);
    if (is_word(kind) || is_mark(kind)) append(folded_, part);
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
  bool alone_ = false;     // of a script without blanks: the next letter begins another word
  bool european_ = false;  // the last letter is of kEuropean
};

}  // namespace

void for_each_word(std::string_view text, const std::function<void(const Word&)>& found) {
  Splitter splitter(found);
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = first_code_point(text.substr(at));
    if (c.value < 0) break;
    splitter.take(c.value, {at, at + c.length});
    at += c.length;
  }
  splitter.end();
}

Phrase phrase_of(std::string_view text) {
  Phrase phrase;
  for_each_word(text, [&phrase](const Word& word) { phrase.emplace_back(word.folded); });
  return phrase;
}

}  // namespace inboxd::filter
