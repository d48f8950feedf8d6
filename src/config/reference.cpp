#include "config/reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "config/setting.hpp"

namespace inboxd::config {
namespace {

constexpr std::string_view kPrecedence =
    "A setting is given as a flag, as an environment variable, or in the TOML file that --config (or "
    "INBOXD_CONFIG)\n"
    "names; flags win over the environment, the environment over the file. RABBITMQ_HOST is the flag "
    "--rabbitmq-host\n"
    "and the key rabbitmq_host. An empty environment variable is as good as none. An unknown key or flag, or "
    "a value\n"
    "that is not allowed, is an error before anything starts.\n"
    "A secret is never taken from a flag: processes can read each other's. Each has a variant that names a "
    "file:\n"
    "JWT_SECRET_FILE, --jwt-secret-file, jwt_secret_file; one newline at its end is not part of the "
    "secret.\n";

constexpr std::string_view kInertIntro =
    "Known from other deployments of this protocol and accepted in the environment, without effect in this "
    "version.\n"
    "Those that are set are named in one warning at the start.\n";

std::string extent(const Setting& setting) {
  const bool free = setting.kind == Kind::kText || setting.kind == Kind::kSecret ||
                    (setting.kind == Kind::kList && setting.choices.empty());
  return free ? std::string() : allowed(setting);
}

std::string plain(std::string_view text) {
  std::string result(text);
  std::erase(result, '`');
  return result;
}

std::string cell(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c;
  }
  return result;
}

/// Words of `text` in lines of at most `width` columns, each after `indent` blanks.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string result;
  std::size_t column = width;
  while (!text.empty()) {
    const auto blank = text.find(' ');
    const std::string_view word = text.substr(0, blank);
    if (column + 1 + word.size() > width) {
      if (!result.empty()) result += '\n';
      result.append(indent, ' ');
      column = indent;
    } else {
      result += ' ';
      ++column;
    }
    result += word;
    column += word.size();
    text = blank == std::string_view::npos ? std::string_view{} : text.substr(blank + 1);
  }
  return result + '\n';
}

void text_row(std::string& out, const Setting& setting) {
  if (setting.default_text.empty()) {
    fmt::format_to(std::back_inserter(out), "  {}\n", setting.name);
  } else {
    fmt::format_to(std::back_inserter(out), "  {:<26}default: {}\n", setting.name, setting.default_text);
  }
  std::string help = plain(setting.help);
  if (const std::string range = extent(setting); !range.empty()) help += " Allowed: " + range + ".";
  if (setting.kind == Kind::kSecret) help += " Secret.";
  if (!setting.aliases.empty()) help += fmt::format(" Also: {}.", fmt::join(setting.aliases, ", "));
  out += wrapped(help, 6, 110);
}

void markdown_row(std::string& out, const Setting& setting) {
  std::string name = fmt::format("`{}`", setting.name);
  for (const std::string_view alias : setting.aliases) name += fmt::format("<br>`{}`", alias);
  const std::string fallback = setting.default_text.empty() ? "–" : fmt::format("`{}`", setting.default_text);
  std::string help = cell(setting.help);
  if (const std::string range = extent(setting); !range.empty()) help += " Allowed: " + range + ".";
  if (setting.kind == Kind::kSecret) help += " **Secret.**";
  fmt::format_to(std::back_inserter(out), "| {} | {} | {} |\n", name, fallback, help);
}

}  // namespace

std::string reference_text() {
  std::string out(kPrecedence);
  std::string_view section;
  for (const Setting& setting : all_settings()) {
    if (setting.section != section) fmt::format_to(std::back_inserter(out), "\n{}\n", setting.section);
    section = setting.section;
    text_row(out, setting);
  }
  fmt::format_to(std::back_inserter(out), "\nAccepted, without effect\n{}", kInertIntro);
  for (const Inert& row : inert_settings()) {
    fmt::format_to(std::back_inserter(out), "  {:<26}{}\n", row.name, row.help);
  }
  return out;
}

std::string reference_markdown() {
  std::string out = "# Settings\n\n<!-- Written by `inboxd config --markdown`; a test compares. -->\n\n" +
                    std::string(kPrecedence);
  std::string_view section;
  for (const Setting& setting : all_settings()) {
    if (setting.section != section) {
      fmt::format_to(std::back_inserter(out), "\n## {}\n\n| setting | default | meaning |\n|---|---|---|\n",
                     setting.section);
    }
    section = setting.section;
    markdown_row(out, setting);
  }
  fmt::format_to(std::back_inserter(out),
                 "\n## Accepted, without effect\n\n{}\n| variable | about |\n|---|---|\n", kInertIntro);
  for (const Inert& row : inert_settings()) {
    fmt::format_to(std::back_inserter(out), "| `{}` | {} |\n", row.name, row.help);
  }
  return out;
}

}  // namespace inboxd::config
