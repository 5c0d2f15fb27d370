// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace systolog::cli::test {

namespace fs = std::filesystem;

inline std::string contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// A folder of its own for each test, removed with it. Its name has a blank: paths may.
class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "systolog cli XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  fs::path operator/(const std::string& name) const { return path_ / name; }
  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return path_ / name;
  }

 private:
  fs::path path_;
};

inline std::string quoted(const fs::path& path) { return "'" + path.string() + "'"; }

struct Outcome {
  int status = -1;  // of exit; -1: a signal
  std::string out, err;
};

/// Runs `systolog ARGUMENTS` in a shell, with `input` on stdin.
inline Outcome systolog(const std::string& arguments, const std::string& input = "") {
  const Folder folder;
  const fs::path in = folder.write("in", input);
  const std::string command = std::string("'") + SYSTOLOG_PROGRAM + "' " + arguments + " <" +
                              quoted(in) + " >" + quoted(folder / "out") + " 2>" +
                              quoted(folder / "err");
  const int status = std::system(command.c_str());
  Outcome outcome;
  if (WIFEXITED(status)) outcome.status = WEXITSTATUS(status);
  outcome.out = contents(folder / "out");
  outcome.err = contents(folder / "err");
  return outcome;
}

}  // namespace systolog::cli::test
