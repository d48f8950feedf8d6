#pragma once

#include <cstddef>
#include <cstdint>

/// How much an operator can ask for. Whatever is written in a file or document, memory and time stay bounded.
namespace inboxd::filter {

/// A file of rules, a file of words, or a document of the REST API.
inline constexpr std::size_t kMaxDocumentBytes = 4UL * 1024 * 1024;

// Over the file and the store together.
inline constexpr std::size_t kMaxRules = 1'000;
inline constexpr std::size_t kMaxWords = 200'000;
inline constexpr std::size_t kMaxPatterns = 2'000;

inline constexpr std::size_t kMaxPatternBytes = 4'096;
/// What one pattern may use, compiled and at work: RE2 takes a slower way, also linear, before it takes more.
inline constexpr std::int64_t kPatternMemory = 1L * 1024 * 1024;
/// The same for the set of all patterns.
inline constexpr std::int64_t kPatternSetMemory = 64L * 1024 * 1024;
/// Places that one pattern finds in one text. Each takes a search, and a search may look as far as the end of
/// the text.
inline constexpr std::size_t kMaxPlaces = 4'096;

inline constexpr std::size_t kMaxNameBytes = 64;
inline constexpr std::size_t kMaxWordBytes = 256;
inline constexpr std::size_t kMaxPhraseWords = 16;
inline constexpr std::size_t kMaxListItems = 1'000;  ///< of every list but those of words and patterns
inline constexpr std::size_t kMaxItemBytes = 256;
inline constexpr std::size_t kMaxMessageBytes = 500;  ///< what a sender is told
inline constexpr std::int64_t kMaxLongerThan = 16L * 1024 * 1024;

/// Problems that are spelt out; of those beyond it only the number is told.
inline constexpr std::size_t kMaxProblems = 200;

}  // namespace inboxd::filter
