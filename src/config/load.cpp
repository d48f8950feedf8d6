#include "config/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "config/file.hpp"
#include "config/rules.hpp"

namespace inboxd::config {
namespace {

struct Found {
  std::string text;
  Origin origin;
};

/// Collects one setting after the other, and every complaint on the way.
class Merger {
 public:
  Merger(const Sources& sources, std::span<const FileEntry> file, std::string_view file_name)
      : sources_(sources), file_(file), file_name_(file_name) {}

  tl::expected<Loaded, Problems> run() {
    reject_unknown();
    for (const Setting& setting : all_settings()) take(setting);
    note_environment();
    if (problems_.empty()) check_rules(loaded_, problems_);
    if (!problems_.empty()) return tl::unexpected(std::move(problems_));
    return std::move(loaded_);
  }

 private:
  void reject_unknown();
  void take(const Setting& setting);
  void note_environment();
  std::optional<Found> find(const Setting& setting);
  std::optional<Found> from_flags(const Setting& setting);
  std::optional<Found> from_environment(const Setting& setting);
  std::optional<Found> from_file(const Setting& setting);
  std::optional<Found> secret_of(const Setting& setting, std::optional<Found> direct,
                                 std::optional<Found> path);

  void complain(const Setting& setting, const Origin& origin, std::string_view what) {
    problems_.push_back(fmt::format("{} ({}): {}", setting.name, origin.where, what));
  }

  std::optional<Found> flag(std::string_view key) const {
    for (const FlagValue& value : sources_.flags) {
      if (value.key != key) continue;
      std::string name = "--" + value.key;
      std::replace(name.begin(), name.end(), '_', '-');
      return Found{value.value, {Origin::Kind::kFlag, "flag " + name}};
    }
    return std::nullopt;
  }

  std::optional<Found> variable(std::string_view name) const {
    const auto found = sources_.environment.find(name);
    // Compose files and unit files pass variables on that nobody set: empty means not set.
    if (found == sources_.environment.end() || found->second.empty()) return std::nullopt;
    return Found{found->second, {Origin::Kind::kEnvironment, fmt::format("environment variable {}", name)}};
  }

  const FileEntry* entry(std::string_view key) const {
    const auto found =
        std::find_if(file_.begin(), file_.end(), [&](const FileEntry& e) { return e.key == key; });
    return found == file_.end() ? nullptr : &*found;
  }

  Origin place(const FileEntry& entry) const {
    return {Origin::Kind::kFile, fmt::format("line {} of {}", entry.line, file_name_)};
  }

  const Sources& sources_;
  std::span<const FileEntry> file_;
  std::string_view file_name_;
  Loaded loaded_;
  Problems problems_;
};

bool is_key(std::string_view key) {
  return std::any_of(all_settings().begin(), all_settings().end(), [&](const Setting& setting) {
    const std::string own = key_of(setting);
    return key == own || (setting.kind == Kind::kSecret && key == own + "_file");
  });
}

void Merger::reject_unknown() {
  for (const FileEntry& entry : file_) {
    if (is_key(entry.key)) continue;
    problems_.push_back(fmt::format("{} ({}): no setting has this name; `inboxd config` lists them all",
                                    entry.key, place(entry).where));
  }
  for (const FlagValue& value : sources_.flags) {
    if (!is_key(value.key))
      problems_.push_back(fmt::format("{} (flag): no setting has this name", value.key));
  }
}

/// Whether a value of the file has the type that a setting of this kind can be written in.
bool fits(Kind kind, FileEntry::Type type) {
  switch (type) {
    case FileEntry::Type::kString:
      return true;
    case FileEntry::Type::kInteger:
      return kind == Kind::kInteger || kind == Kind::kBytes || kind == Kind::kDuration;
    case FileEntry::Type::kBool:
      return kind == Kind::kBool || kind == Kind::kFlag;
    case FileEntry::Type::kArray:
      return kind == Kind::kList;
  }
  return false;
}

std::optional<Found> Merger::from_flags(const Setting& setting) {
  std::optional<Found> direct = flag(key_of(setting));
  if (setting.kind != Kind::kSecret) return direct;
  if (direct) {
    complain(
        setting, direct->origin,
        fmt::format("a secret is not taken from the command line, where every process can read it; use the "
                    "environment or {}-file",
                    flag_of(setting)));
    direct.reset();
  }
  return secret_of(setting, std::nullopt, flag(key_of(setting) + "_file"));
}

std::optional<Found> Merger::from_environment(const Setting& setting) {
  std::optional<Found> direct = variable(setting.name);
  for (const std::string_view alias : setting.aliases) {
    auto other = variable(alias);
    if (!other) continue;
    if (!direct) {
      direct = std::move(other);
    } else if (direct->text != other->text) {
      loaded_.warnings.push_back(
          fmt::format("{} says something else than the {}, which wins", alias, direct->origin.where));
    }
  }
  if (setting.kind != Kind::kSecret) return direct;
  return secret_of(setting, std::move(direct), variable(fmt::format("{}_FILE", setting.name)));
}

std::optional<Found> Merger::from_file(const Setting& setting) {
  const auto found = [&](const std::string& key) -> std::optional<Found> {
    const FileEntry* const own = entry(key);
    if (own == nullptr) return std::nullopt;
    if (!fits(setting.kind, own->type)) {
      complain(setting, place(*own),
               fmt::format("a value of this type is not allowed; allowed: {}", allowed(setting)));
      return std::nullopt;
    }
    return Found{own->value, place(*own)};
  };
  std::optional<Found> direct = found(key_of(setting));
  if (setting.kind != Kind::kSecret) return direct;
  if (direct && readable_by_all(sources_.file)) {
    loaded_.warnings.push_back(fmt::format(
        "{} holds {} and every user of this machine may read it: chmod 600", file_name_, key_of(setting)));
  }
  return secret_of(setting, std::move(direct), found(key_of(setting) + "_file"));
}

/// A secret given as such, or by the path of the file that holds it.
std::optional<Found> Merger::secret_of(const Setting& setting, std::optional<Found> direct,
                                       std::optional<Found> path) {
  if (!path) return direct;
  if (direct) {
    complain(setting, path->origin, fmt::format("the {} gives it too; say it once", direct->origin.where));
    return std::nullopt;
  }
  auto text = read_text_file(path->text);
  if (!text) {
    complain(setting, path->origin, fmt::format("cannot read {}: {}", path->text, text.error()));
    return std::nullopt;
  }
  // Editors and echo end the file with a newline that is not part of the secret.
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  if (text->empty()) {
    complain(setting, path->origin, fmt::format("{} is empty", path->text));
    return std::nullopt;
  }
  return Found{std::move(*text), std::move(path->origin)};
}

std::optional<Found> Merger::find(const Setting& setting) {
  if (auto found = from_flags(setting)) return found;
  if (auto found = from_environment(setting)) return found;
  return from_file(setting);
}

void Merger::take(const Setting& setting) {
  Found found =
      find(setting).value_or(Found{std::string(setting.default_text), {Origin::Kind::kDefault, "default"}});
  const bool given = found.origin.kind != Origin::Kind::kDefault;
  if (given || !setting.default_text.empty()) {
    if (const auto assigned = assign(setting, found.text, loaded_.settings); !assigned) {
      complain(setting, found.origin, assigned.error());
    }
  }
  std::string shown = setting.kind != Kind::kSecret ? std::move(found.text) : found.text.empty() ? "" : "***";
  loaded_.chosen.push_back({&setting, std::move(shown), std::move(found.origin)});
}

void Merger::note_environment() {
  for (const auto& [name, value] : sources_.environment) {
    if (value.empty()) continue;
    if (is_inert(name)) loaded_.inert.push_back(name);
    // A warning, not an error: the environment belongs to others too.
    if (name.starts_with("INBOXD_") && name != kFileVariable) {
      loaded_.warnings.push_back(
          fmt::format("{} is set, and is no setting; names have no INBOXD_ prefix", name));
    }
  }
}

}  // namespace

const Origin& Loaded::origin(std::string_view name) const {
  for (const Chosen& one : chosen) {
    if (one.setting->name == name) return one.origin;
  }
  throw std::logic_error("no setting is called " + std::string(name));
}

tl::expected<Loaded, Problems> merge(const Sources& sources, std::span<const FileEntry> file,
                                     std::string_view name) {
  return Merger(sources, file, name).run();
}

tl::expected<Loaded, Problems> load(const Sources& sources) {
  if (sources.file.empty()) return merge(sources, {}, "");
  const auto text = read_text_file(sources.file);
  if (!text) return tl::unexpected(Problems{fmt::format("cannot read {}: {}", sources.file, text.error())});
  const auto entries = parse_file(*text, sources.file);
  if (!entries) return tl::unexpected(entries.error());
  return merge(sources, *entries, sources.file);
}

}  // namespace inboxd::config
