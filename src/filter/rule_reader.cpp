#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/id.hpp"
#include "filter/document.hpp"
#include "filter/folding.hpp"
#include "filter/links.hpp"
#include "filter/pattern_set.hpp"
#include "filter/text.hpp"

namespace inboxd::filter {
namespace {

/// What the rules of one document have used up, so that a monstrous one is given up early.
struct Used {
  std::size_t words = 0;
  std::size_t patterns = 0;
};

bool is_name(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  return !text.empty() && text.size() <= kMaxNameBytes && std::all_of(text.begin(), text.end(), fits);
}

std::optional<FilterAction> action_of(std::string_view text) {
  if (text == "reject") return FilterAction::kReject;
  if (text == "mask") return FilterAction::kMask;
  if (text == "flag") return FilterAction::kFlag;
  if (text == "shadow") return FilterAction::kShadow;
  return std::nullopt;
}

/// Nothing where a key is empty.
std::optional<FieldPath> field_path(std::string_view text) {
  FieldPath path;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('.', begin), text.size());
    if (end == begin) return std::nullopt;
    path.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return path;
}

/// Whether there was anything to keep.
template <class T>
bool keep(std::optional<T> made, std::vector<T>& into) {
  if (!made) return false;
  into.push_back(*std::move(made));
  return true;
}

class RuleReader {
 public:
  RuleReader(const WrittenRule& written, const ReadFile& read, Complaints& complaints, Used& used)
      : written_(written), read_(read), complaints_(complaints), used_(used) {}

  Rule take() {
    rule_.where = fmt::format("{}:{}", complaints_.source(), written_.line);
    rule_.rejection = {.code = "filtered", .message = "the message was rejected"};
    for (const auto& [key, value] : written_.keys) read(key, value);
    check_whole();
    return std::move(rule_);
  }

 private:
  using Handler = void (RuleReader::*)(const WrittenValue&);
  struct Key {
    std::string_view name;
    Handler handler;
  };

  void read(const std::string& name, const WrittenValue& value) {
    static constexpr std::array<Key, 15> kKeys{{{"name", &RuleReader::name},
                                                {"action", &RuleReader::action},
                                                {"words", &RuleReader::words},
                                                {"words_file", &RuleReader::words_file},
                                                {"patterns", &RuleReader::patterns},
                                                {"links", &RuleReader::links},
                                                {"allowed_links", &RuleReader::allowed_links},
                                                {"attachments", &RuleReader::attachments},
                                                {"longer_than", &RuleReader::longer_than},
                                                {"fields", &RuleReader::fields},
                                                {"channels", &RuleReader::channels},
                                                {"types", &RuleReader::types},
                                                {"apps", &RuleReader::apps},
                                                {"code", &RuleReader::code},
                                                {"message", &RuleReader::message}}};
    key_ = name;
    const auto* const known =
        std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& key) { return key.name == name; });
    if (known == kKeys.end()) return complain(value.line, "unknown");
    (this->*known->handler)(value);
  }

  void complain(std::size_t line, std::string_view what) {
    complaints_.add(line, fmt::format("{}: {}", key_, what));
  }

  const std::string* text(const WrittenValue& value, std::size_t limit) {
    const auto* const text = std::get_if<std::string>(&value.value);
    if (text == nullptr) return complain(value.line, "a string is expected"), nullptr;
    if (text->empty() || text->size() > limit) {
      return complain(value.line, fmt::format("1 to {} bytes are expected", limit)), nullptr;
    }
    return text;
  }

  const std::vector<WrittenText>* texts(const WrittenValue& value) {
    const auto* const texts = std::get_if<std::vector<WrittenText>>(&value.value);
    if (texts == nullptr) complain(value.line, "an array of strings is expected");
    return texts;
  }

  /// Items that `parse` makes something of, null where the value is no list of a sensible length.
  template <class Parse>
  void each(const WrittenValue& value, bool may_be_empty, const char* expected, const Parse& parse) {
    const auto* const items = texts(value);
    if (items == nullptr) return;
    if (items->empty() && !may_be_empty) return complain(value.line, "it is empty");
    if (items->size() > kMaxListItems) {
      return complain(value.line, fmt::format("more than {} of them", kMaxListItems));
    }
    for (const WrittenText& item : *items) {
      if (item.text.empty() || item.text.size() > kMaxItemBytes || !parse(item.text)) {
        complain(item.line, expected);
      }
    }
  }

  void name(const WrittenValue& value) {
    const auto* const text = std::get_if<std::string>(&value.value);
    if (text == nullptr || !is_name(*text)) {
      return complain(value.line,
                      fmt::format("1 to {} of letters, digits and _ . - are expected", kMaxNameBytes));
    }
    rule_.name = *text;
  }

  void action(const WrittenValue& value) {
    const auto* const text = std::get_if<std::string>(&value.value);
    const auto action = text != nullptr ? action_of(*text) : std::nullopt;
    if (!action) return complain(value.line, "reject, mask, flag or shadow is expected");
    rule_.action = *action;
  }

  void words(const WrittenValue& value) {
    const auto* const entries = texts(value);
    if (entries == nullptr) return;
    if (entries->empty()) return complain(value.line, "it is empty");
    for (const WrittenText& entry : *entries) {
      const std::string wrong = add_words(entry.text);
      if (!wrong.empty()) complain(entry.line, wrong);
    }
  }

  /// What is wrong with the entry, or nothing.
  std::string add_words(std::string_view entry) {
    if (used_.words > kMaxWords) return {};
    if (++used_.words > kMaxWords) return fmt::format("more than {} words and phrases", kMaxWords);
    if (entry.size() > kMaxWordBytes) return fmt::format("an entry is longer than {} bytes", kMaxWordBytes);
    Phrase phrase = phrase_of(entry);
    if (phrase.empty()) return "an entry has no letter or digit";
    if (phrase.size() > kMaxPhraseWords)
      return fmt::format("a phrase of more than {} words", kMaxPhraseWords);
    rule_.phrases.push_back(std::move(phrase));
    return {};
  }

  void words_file(const WrittenValue& value) {
    if (!read_) return complain(value.line, "files cannot be named here");
    const std::string* const file = text(value, 4096);
    if (file == nullptr) return;
    if (file->find('\0') != std::string::npos) return complain(value.line, "not the name of a file");
    const auto content = read_(*file);
    if (!content) return complain(value.line, fmt::format("{}: {}", *file, content.error()));
    const std::size_t before = used_.words;
    add_lines(*file, *content, value.line);
    if (used_.words == before) complain(value.line, fmt::format("{} has no entries", *file));
  }

  void add_lines(const std::string& file, std::string_view content, std::size_t line_of_key) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (content.starts_with(kByteOrderMark)) content.remove_prefix(kByteOrderMark.size());
    for (std::size_t number = 1; !content.empty(); ++number) {
      const std::size_t end = std::min(content.find('\n'), content.size());
      const std::string_view line = trimmed(content.substr(0, end));
      content.remove_prefix(std::min(end + 1, content.size()));
      if (line.empty() || line.starts_with('#')) continue;
      const std::string wrong = is_valid_utf8(line) ? add_words(line) : (++used_.words, "not valid UTF-8");
      if (!wrong.empty()) complaints_.add_of(line_of_key, file, number, wrong);
    }
  }

  void patterns(const WrittenValue& value) {
    const auto* const entries = texts(value);
    if (entries == nullptr) return;
    if (entries->empty()) return complain(value.line, "it is empty");
    for (const WrittenText& entry : *entries) {
      if (used_.patterns > kMaxPatterns) return;
      if (++used_.patterns > kMaxPatterns) {
        return complain(entry.line, fmt::format("more than {} patterns", kMaxPatterns));
      }
      auto pattern = compile_pattern(entry.text);
      if (!pattern) {
        complain(entry.line, pattern.error());
      } else {
        rule_.patterns.push_back(*std::move(pattern));
      }
    }
  }

  void links(const WrittenValue& value) {
    if (const bool* const any = std::get_if<bool>(&value.value)) {
      rule_.links.any = *any;
    } else {
      hosts(value, false, rule_.links.hosts);
    }
  }

  void allowed_links(const WrittenValue& value) { hosts(value, true, rule_.links.allowed.emplace()); }

  void hosts(const WrittenValue& value, bool may_be_empty, std::vector<std::string>& into) {
    each(value, may_be_empty, "the name of a host is expected",
         [&](const std::string& text) { return keep(parse_host(text), into); });
  }

  void attachments(const WrittenValue& value) {
    each(value, false, "a type like image/* or an ending like .exe is expected",
         [&](const auto& text) { return keep(parse_attachment(text), rule_.attachments); });
  }

  void longer_than(const WrittenValue& value) {
    const auto* const number = std::get_if<std::int64_t>(&value.value);
    if (number == nullptr || *number < 0 || *number > kMaxLongerThan) {
      return complain(value.line, fmt::format("a number from 0 to {} is expected", kMaxLongerThan));
    }
    rule_.longer_than = static_cast<std::size_t>(*number);
  }

  void fields(const WrittenValue& value) {
    rule_.fields.clear();
    each(value, false, "the name of a field is expected",
         [&](const std::string& text) { return keep(field_path(text), rule_.fields); });
  }

  void channels(const WrittenValue& value) {
    rule_.direct = rule_.group = false;
    each(value, false, "direct or group is expected", [&](const std::string& text) {
      rule_.direct = rule_.direct || text == "direct";
      rule_.group = rule_.group || text == "group";
      return text == "direct" || text == "group";
    });
  }

  void types(const WrittenValue& value) { names(value, rule_.types); }
  void apps(const WrittenValue& value) { names(value, rule_.apps); }

  void names(const WrittenValue& value, std::vector<std::string>& into) {
    each(value, false, "a name is expected", [&](const std::string& text) {
      into.push_back(text);
      return true;
    });
  }

  void code(const WrittenValue& value) {
    const auto* const text = std::get_if<std::string>(&value.value);
    if (text != nullptr && is_name(*text)) {
      rule_.rejection.code = *text;
    } else {
      complain(value.line, fmt::format("1 to {} of letters, digits and _ . - are expected", kMaxNameBytes));
    }
  }

  void message(const WrittenValue& value) {
    if (const std::string* const told = text(value, kMaxMessageBytes)) rule_.rejection.message = *told;
  }

  bool wrote(std::string_view key) const {
    return std::any_of(written_.keys.begin(), written_.keys.end(),
                       [key](const auto& one) { return one.first == key; });
  }

  void check_whole() {
    const auto lacks = [this](const char* what) { complaints_.add(written_.line, what); };
    if (!wrote("name")) lacks("the filter has no name");
    if (!wrote("action")) lacks("the filter has no action");
    constexpr std::array<std::string_view, 6> kTexts{"words",         "words_file",  "patterns",
                                                     "allowed_links", "longer_than", "links"};
    const bool looks = std::any_of(kTexts.begin(), kTexts.end(), [this](auto key) { return wrote(key); }) &&
                       !(wrote("links") && only_links_off());
    if (!looks && !wrote("attachments") && !wrote("types")) {
      lacks("the filter has nothing to match: words, patterns, links, attachments, longer_than or types");
    }
    if (rule_.action == FilterAction::kMask && (!looks || wrote("attachments"))) {
      lacks("only text can be masked: words, patterns, links, and what is longer_than");
    }
  }

  /// Whether `links = false` is all that the rule looks for.
  bool only_links_off() const {
    return rule_.links.empty() && rule_.phrases.empty() && rule_.patterns.empty() && !rule_.longer_than &&
           std::any_of(written_.keys.begin(), written_.keys.end(), [](const auto& key) {
             return key.first == "links" && std::holds_alternative<bool>(key.second.value);
           });
  }

  const WrittenRule& written_;
  const ReadFile& read_;
  Complaints& complaints_;
  Used& used_;
  std::string_view key_;
  Rule rule_;
};

}  // namespace

Rules check_rules(const std::vector<WrittenRule>& written, const ReadFile& read, Complaints& complaints) {
  Rules rules;
  Used used;
  for (const WrittenRule& one : written) {
    if (rules.size() == kMaxRules) {
      complaints.add(one.line, fmt::format("more than {} filters", kMaxRules));
      break;
    }
    rules.push_back(std::make_shared<const Rule>(RuleReader(one, read, complaints, used).take()));
  }
  return rules;
}

}  // namespace inboxd::filter
