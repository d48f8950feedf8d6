#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace {

namespace fs = std::filesystem;

/// Which folder of src/ may include which others: dependencies point one way, and adapters never include each
/// other.
const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"core", {}},
    {"engine", {"core"}},
    {"store", {"core", "engine"}},
    {"rabbitmq", {"core", "engine"}},
    {"auth", {"core"}},
    {"tls", {"core"}},
    {"net", {"core"}},
    {"webhook", {"core", "engine", "net"}},
    {"http", {"core", "engine", "auth", "net", "tls"}},
    {"filter", {"core", "engine"}},
    {"hook", {"core", "engine", "net"}},
    {"mqtt", {"core", "engine", "auth", "tls"}},
    {"config", {"core"}},
    {"app",
     {"core", "engine", "store", "rabbitmq", "auth", "http", "net", "tls", "webhook", "filter", "hook",
      "mqtt", "config"}},
};

/// What core and engine may include beside the standard library: no client of anything outside.
const std::map<std::string, std::set<std::string>> kLibraries = {
    {"core", {"rapidjson", "tl"}},
    {"engine", {}},
};

struct Include {
  std::string file;
  std::string folder;  ///< of the file
  std::string target;  ///< first part of the included path; empty for a header without a folder
  bool quoted;
};

std::vector<Include> includes_of_sources() {
  const std::regex pattern(R"re(^\s*#\s*include\s*(["<])([^">/]+)(/?)[^">]*[">])re");
  std::vector<Include> includes;
  const fs::path root = fs::path(INBOXD_SOURCE_DIR) / "src";
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const auto extension = entry.path().extension();
    if (extension != ".cpp" && extension != ".hpp") continue;
    const fs::path relative = fs::relative(entry.path(), root);
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      std::smatch match;
      if (!std::regex_search(line, match, pattern)) continue;
      includes.push_back({relative.string(), relative.begin()->string(),
                          match[3].length() > 0 ? match[2].str() : "", match[1] == "\""});
    }
  }
  return includes;
}

TEST(ArrowsTest, FoldersIncludeOnlyWhatTheyMay) {
  const auto includes = includes_of_sources();
  ASSERT_GT(includes.size(), 100U) << "the sources were not found";
  for (const Include& include : includes) {
    ASSERT_TRUE(kMayInclude.contains(include.folder)) << "a folder without a rule: " << include.file;
    if (!include.quoted || include.target == include.folder) continue;
    EXPECT_TRUE(kMayInclude.at(include.folder).contains(include.target))
        << include.file << " includes " << include.target << "/";
  }
}

TEST(ArrowsTest, CoreAndEngineKnowNoClientLibrary) {
  for (const Include& include : includes_of_sources()) {
    const auto rule = kLibraries.find(include.folder);
    if (rule == kLibraries.end() || include.quoted || include.target.empty()) continue;
    EXPECT_TRUE(rule->second.contains(include.target))
        << include.file << " includes <" << include.target << "/>";
  }
}

}  // namespace
