#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.hpp"
#include "filter/document.hpp"
#include "filter/filter_set.hpp"

/// Filters as tests write them, and what becomes of a message.
namespace inboxd::filter::testing {

using Set = std::shared_ptr<const FilterSet>;

/// Files of words, by name.
using Files = std::map<std::string, std::string>;

inline Parsed parsed(std::string_view toml, const Files& files = {}) {
  return parse_toml(toml, "p", [&files](const std::string& name) -> Result<std::string, std::string> {
    const auto file = files.find(name);
    if (file == files.end()) return Failure<std::string>("no such file");
    return file->second;
  });
}

inline Set compiled(Parsed parsed) {
  for (const std::string& problem : parsed.problems) ADD_FAILURE() << problem;
  auto set = FilterSet::compile(std::move(parsed.rules));
  if (!set) throw std::runtime_error(set.error().at(0));
  return *std::move(set);
}

inline Set set_of(std::string_view toml, const Files& files = {}) { return compiled(parsed(toml, files)); }

/// One rule of this action; `keys` are the lines of its other keys.
inline std::string rule(std::string_view action, std::string_view keys, std::string_view name = "r") {
  return "[[filter]]\nname = '" + std::string(name) + "'\naction = '" + std::string(action) + "'\n" +
         std::string(keys) + "\n";
}

struct Where {
  bool group = false;
  std::string app = "tilechat";
};

inline Judgement judge(const FilterSet& set, const std::string& message, const Where& where = {}) {
  const auto fields = json::parse_object(message);
  if (!fields) throw std::runtime_error("no message: " + message);
  const AppId app(where.app);
  const PartyId sender("alice");
  const PartyId recipient("bob");
  return set.judge({.app = app,
                    .sender = sender,
                    .recipient = recipient,
                    .direct = !where.group,
                    .group = where.group,
                    .fields = *fields});
}

inline Judgement judge(const Set& set, const std::string& message, const Where& where = {}) {
  return judge(*set, message, where);
}

inline std::string text_message(std::string_view text) {
  return json::ObjectWriter().string("text", text).finish();
}

/// The message as it goes on.
inline std::string result_of(const FilterSet& set, const std::string& message) {
  const Judgement judgement = judge(set, message);
  return json::with_changes(json::parse_object(message).value(), judgement.changes);
}

/// What is left of a text by one rule that masks.
inline std::string masked_by(const std::string& keys, std::string_view text) {
  const auto out = result_of(*set_of(rule("mask", keys)), text_message(text));
  return json::string_value(json::parse_object(out).value().find("text").value()).value();
}

inline bool matches(const std::string& keys, const std::string& message, const Where& where = {}) {
  return !judge(set_of(rule("reject", keys)), message, where).matches.empty();
}

inline std::vector<std::string> rules_that_matched(const Judgement& judgement) {
  std::vector<std::string> names;
  for (const FilterMatch& match : judgement.matches) names.push_back(match.rule);
  return names;
}

}  // namespace inboxd::filter::testing
