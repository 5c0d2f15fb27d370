// SPDX-License-Identifier: Apache-2.0
#include "sim/share.h"

#include <algorithm>

#include "models/user_error.h"

namespace systolog::sim {

namespace fs = std::filesystem;

fs::path share_dir() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path installed = program.parent_path().parent_path() / "share" / "systolog";
    if (fs::is_directory(installed, error)) return installed;
  }
  return SYSTOLOG_SHARE_DIR;
}

std::vector<std::string> shared_names(std::string_view folder, std::string_view extension) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(share_dir() / folder, error)) {
    if (entry.path().extension() == extension) names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

fs::path find_shared(const std::string& name, std::string_view folder, std::string_view extension,
                     std::string_view what) {
  const fs::path path = name;
  if (path.has_parent_path() || path.has_extension()) return path;
  const fs::path shared = share_dir() / folder / (name + std::string(extension));
  std::error_code error;
  if (fs::exists(shared, error)) return shared;
  if (fs::exists(path, error)) return path;
  std::string known;
  for (const auto& other : shared_names(folder, extension)) {
    known += (known.empty() ? "" : ", ") + other;
  }
  throw UserError(std::string(what) + " \"" + name + "\": no such file, allowed a path or one of " +
                  known);
}

}  // namespace systolog::sim
