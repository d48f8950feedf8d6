#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/json.hpp"
#include "engine/ports.hpp"

/// Content filters and a policy hook as tests want them.
namespace inboxd::testing {

/// Looks for words anywhere in the text, rule by rule.
class WordFilter final : public ContentFilter {
 public:
  struct Rule {
    std::string word;
    FilterAction action;
  };

  explicit WordFilter(std::vector<Rule> rules) : rules_(std::move(rules)) {}

  Judgement judge(const Content& content) const override {
    Judgement judgement;
    std::string text = json::string_value(content.fields.find("text").value_or("")).value_or("");
    bool masked = false;
    for (const auto& [word, action] : rules_) {
      const auto at = text.find(word);
      if (at == std::string::npos) continue;
      judgement.matches.push_back({word, action});
      if (action == FilterAction::kReject) {
        judgement.rejection = Rejection{"filtered", "not with these words"};
        return judgement;
      }
      judgement.shadowed = action == FilterAction::kShadow;
      if (action == FilterAction::kMask) text.replace(at, word.size(), std::string(word.size(), '*'));
      masked = masked || action == FilterAction::kMask;
      if (judgement.shadowed) break;
    }
    if (masked) judgement.changes.emplace_back("text", json::quoted(text));
    return judgement;
  }

 private:
  std::vector<Rule> rules_;
};

/// Filters that a test swaps.
class SwappedFilters final : public FilterSource {
 public:
  std::shared_ptr<const ContentFilter> current() const override { return filter_; }
  void use(std::vector<WordFilter::Rule> rules) {
    filter_ = rules.empty() ? nullptr : std::make_shared<const WordFilter>(std::move(rules));
  }

 private:
  std::shared_ptr<const ContentFilter> filter_;
};

/// Answers when the test does.
class HeldHook final : public PolicyHook {
 public:
  struct Question {
    std::string sender;
    std::string recipient;
    bool group = false;
    std::string message;
    Done done;

    std::string text() const {
      const auto fields = json::parse_object(message);
      return json::string_value(fields->find("text").value_or("")).value_or("");
    }
  };

  void ask(const HookQuestion& question, Done done) override {
    asked.push_back(
        json::string_value(json::parse_object(question.message)->find("text").value_or("")).value_or("?"));
    open.push_back({std::string(question.sender), std::string(question.recipient), question.group,
                    std::string(question.message), std::move(done)});
    most_open = std::max(most_open, open.size());
  }

  /// Answers one of those that are open.
  void answer(std::size_t index, const HookVerdict& verdict) {
    const auto at = open.begin() + static_cast<std::ptrdiff_t>(index);
    Done done = std::move(at->done);
    open.erase(at);
    done(verdict);
  }

  std::vector<std::string> asked;  ///< the texts of all questions
  std::vector<Question> open;
  std::size_t most_open = 0;
};

}  // namespace inboxd::testing
