#include "filter/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace inboxd::filter {

void Complaints::add(std::size_t line, const std::string& what) {
  put(line, fmt::format("{}:{}: {}", source_, line, what));
}

void Complaints::add_of(std::size_t line, const std::string& file, std::size_t line_of_file,
                        const std::string& what) {
  put(line, fmt::format("{}:{}: {}", file, line_of_file, what));
}

void Complaints::put(std::size_t line, std::string text) {
  if (problems_.size() < kMaxProblems) {
    problems_.emplace_back(line, std::move(text));
  } else {
    ++left_out_;
  }
}

Problems Complaints::take() && {
  std::stable_sort(problems_.begin(), problems_.end(),
                   [](const auto& one, const auto& other) { return one.first < other.first; });
  Problems problems;
  problems.reserve(problems_.size() + 1);
  for (auto& [line, text] : problems_) problems.push_back(std::move(text));
  if (left_out_ > 0) problems.push_back(fmt::format("{}: and {} more", source_, left_out_));
  return problems;
}

Parsed parse_toml(std::string_view text, const std::string& name, const ReadFile& read) {
  Complaints complaints(name);
  Parsed parsed;
  parsed.rules = check_rules(written_in_toml(text, complaints), read, complaints);
  parsed.problems = std::move(complaints).take();
  return parsed;
}

Parsed parse_json(std::string_view text, const std::string& name) {
  Complaints complaints(name);
  Parsed parsed;
  parsed.rules = check_rules(written_in_json(text, complaints), nullptr, complaints);
  parsed.problems = std::move(complaints).take();
  return parsed;
}

SeenFiles look_again(SeenFiles files) {
  for (SeenFile& file : files) file.stamp = stamp_of(file.path);
  return files;
}

bool Changes::settled(const SeenFiles& read, SeenFiles now) {
  const bool settled = now != read && now == before_;
  before_ = std::move(now);
  return settled;
}

Parsed read_policy_file(const std::string& path) {
  SeenFiles files{{path, stamp_of(path)}};
  const auto text = read_text_file(path);
  if (!text) return {.problems = {fmt::format("{}: {}", path, text.error())}, .files = std::move(files)};
  const auto folder = std::filesystem::path(path).parent_path();
  Parsed parsed = parse_toml(*text, path, [&](const std::string& name) {
    std::string named = (folder / name).string();
    files.push_back({named, stamp_of(named)});
    return read_text_file(named);
  });
  parsed.files = std::move(files);
  return parsed;
}

}  // namespace inboxd::filter
