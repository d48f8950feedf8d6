#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "app/invocation.hpp"
#include "app/policy_settings.hpp"
#include "app/terminal.hpp"
#include "core/message.hpp"
#include "core/screening.hpp"
#include "filter/filter_set.hpp"

namespace inboxd::app {
namespace {

using FilterPtr = std::shared_ptr<const filter::FilterSet>;

std::string_view name_of(FilterAction action) {
  switch (action) {
    case FilterAction::kReject:
      return "reject";
    case FilterAction::kMask:
      return "mask";
    case FilterAction::kFlag:
      return "flag";
    case FilterAction::kShadow:
      return "shadow";
  }
  return "unknown";
}

/// The rules of POLICY_FILE, or null: then everything that is wrong with them was written to standard error.
FilterPtr read_policy(const config::Settings& settings) {
  if (settings.policy_file.empty()) {
    std::cerr << "inboxd: name the file: --policy-file, or POLICY_FILE\n";
    return nullptr;
  }
  auto set = filter::load_file(settings.policy_file);
  if (set) return *set;
  for (const std::string& problem : set.error()) std::cerr << "inboxd: " << printable(problem) << '\n';
  return nullptr;
}

int check_file(const config::Settings& settings) {
  const FilterPtr set = read_policy(settings);
  if (!set) return kFailed;
  const filter::Counts counts = set->counts();
  std::cout << fmt::format("{}: {} filters with {} words and {} patterns\n", settings.policy_file,
                           counts.rules, counts.words, counts.patterns);
  return kDone;
}

std::string described(const Judgement& judgement) {
  std::string text = judgement.rejection ? "reject" : judgement.shadowed ? "shadow" : "allow";
  for (const FilterMatch& match : judgement.matches) {
    text += fmt::format("  {} ({})", match.rule, name_of(match.action));
  }
  if (judgement.rejection) {
    text += fmt::format("  told {}: {}", judgement.rejection->code, judgement.rejection->message);
  }
  json::ObjectWriter changes;
  for (const auto& [field, raw] : judgement.changes) changes.raw(field, raw);
  if (!judgement.changes.empty()) text += "  " + changes.finish();
  return text;
}

/// What becomes of one message, written as the clients write it; `sender` and `recipient` beside it.
std::string verdict_on(const std::string& line, const config::Settings& settings,
                       const filter::FilterSet& set) {
  const auto draft = read_draft(line);
  if (!draft) return fmt::format("refused  {}: {}", code_of(draft.error().reason), draft.error().detail);
  const auto party = [&](std::string_view field, const char* otherwise) {
    const auto raw = draft->fields.find_value(field);
    const auto text = raw ? json::string_value(*raw) : std::nullopt;
    return parse_party(text.value_or("")).value_or(PartyId(otherwise));
  };
  const AppId app(settings.app_id);
  const PartyId sender = party("sender", "sender");
  const PartyId recipient = party("recipient", "recipient");
  return described(set.judge(content_of(app, sender, recipient, *draft)));
}

int test(const config::Settings& settings, const std::string& file) {
  const FilterPtr set = read_policy(settings);
  if (!set) return kFailed;
  std::ifstream opened;
  if (file != "-") {
    opened.open(file);
    if (!opened) {
      std::cerr << "inboxd: cannot read " << printable(file) << '\n';
      return kFailed;
    }
  }
  std::istream& messages = file == "-" ? std::cin : opened;
  std::size_t number = 0;
  for (std::string line; std::getline(messages, line);) {
    ++number;
    if (line.empty()) continue;
    std::cout << number << "  " << printable(verdict_on(line, settings, *set)) << '\n';
  }
  return messages.bad() ? kFailed : kDone;
}

}  // namespace

void add_policy(CLI::App& root, Invocation& invocation) {
  CLI::App* const group = root.add_subcommand("policy", "Check content filters, and try them on messages");
  group->require_subcommand(1);
  CLI::App* const checking = group->add_subcommand("check", "Say what is wrong with the policy file");
  add_settings(*checking, invocation);
  on_chosen(*checking, invocation, Needs::kNothing, check_file);
  CLI::App* const testing =
      group->add_subcommand("test", "Read messages, a JSON object a line, and say what becomes of each");
  add_settings(*testing, invocation);
  const auto file = std::make_shared<std::string>("-");
  testing->add_option("--file", *file, "File of the messages; - is standard input")->capture_default_str();
  on_chosen(*testing, invocation, Needs::kNothing,
            [file](const config::Settings& settings) { return test(settings, *file); });
}

}  // namespace inboxd::app
