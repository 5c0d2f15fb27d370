// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace systolog::sim {

/// The folder that holds configs/ and workloads/: where the program was installed
/// (../share/systolog beside it), else the source tree it was built from.
std::filesystem::path share_dir();

/// A file the user names: a path (it has a '/' or `extension`) as it is, or a bare name in
/// share_dir()/folder. Throws UserError listing the names there are; `what` is what is looked for.
std::filesystem::path find_shared(const std::string& name, std::string_view folder,
                                  std::string_view extension, std::string_view what);

/// The bare names in share_dir()/folder, sorted.
std::vector<std::string> shared_names(std::string_view folder, std::string_view extension);

}  // namespace systolog::sim
