// SPDX-License-Identifier: Apache-2.0
// The arrows between the folders: one-way, read from the #include lines.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

/// What each folder may include of ours; itself always.
const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"models", {}},
    {"memory", {}},
    {"pe", {"models"}},
    {"workloads", {"models"}},
    {"sim", {"models", "memory", "pe", "workloads"}},
    {"bench", {"models", "memory", "pe", "workloads", "sim"}},
    {"tests", {"models", "memory", "pe", "workloads", "sim", "bench"}},
};

/// Libraries that only some folders may know, by the start of their headers' names.
struct Library {
  std::string name;
  std::vector<std::string> headers;
  std::set<std::string> users;
};
const std::vector<Library> kLibraries = {
    {"SystemC",
     {"systemc", "tlm", "tlm_utils/", "sysc/"},
     {"memory", "pe", "sim", "bench", "tests"}},
    {"JSON", {"nlohmann/"}, {"sim", "bench", "tests"}},
};

struct Include {
  std::string file, folder, line;
  bool is_ours = false;  // in quotes
  std::string header;
};

std::vector<Include> all_includes() {
  static const std::regex kInclude(R"re(^\s*#\s*include\s*(["<])([^">]+)[">].*)re");
  std::vector<Include> includes;
  for (const auto& [folder, allowed] : kMayInclude) {
    const fs::path root = fs::path(SYSTOLOG_SOURCE_DIR) / folder;
    if (!fs::exists(root)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp") continue;
      std::ifstream in(entry.path());
      std::string line;
      for (int number = 1; std::getline(in, line); ++number) {
        std::smatch match;
        if (!std::regex_match(line, match, kInclude)) continue;
        includes.push_back({fs::relative(entry.path(), SYSTOLOG_SOURCE_DIR).string() + ":" +
                                std::to_string(number),
                            folder, line, match[1] == "\"", match[2]});
      }
    }
  }
  return includes;
}

TEST(IncludeRules, EveryArrowIsInTheTableOfTheDesign) {
  std::set<std::string> including;
  for (const Include& include : all_includes()) {
    if (!include.is_ours) continue;
    including.insert(include.folder);
    const std::string to = include.header.substr(0, include.header.find('/'));
    EXPECT_TRUE(to == include.folder || kMayInclude.at(include.folder).contains(to))
        << include.file << ": " << include.line << ": " << include.folder
        << " may not include from \"" << to << "\"";
  }
  // The test has read something: every folder that has code includes of itself or another.
  for (const auto* folder : {"models", "memory", "pe", "workloads", "sim", "tests"}) {
    EXPECT_TRUE(including.contains(folder)) << "no #include \"...\" line found in " << folder;
  }
}

TEST(IncludeRules, OnlyTheFoldersThatNeedSystemCAndJsonKnowThem) {
  for (const Include& include : all_includes()) {
    for (const Library& library : kLibraries) {
      const bool uses =
          !include.is_ours &&
          std::any_of(library.headers.begin(), library.headers.end(),
                      [&](const std::string& header) {
                        return include.header == header ||
                               (header.back() == '/' && include.header.starts_with(header));
                      });
      EXPECT_TRUE(!uses || library.users.contains(include.folder))
          << include.file << ": " << include.line << ": " << library.name << " is not for "
          << include.folder;
    }
  }
}

}  // namespace
