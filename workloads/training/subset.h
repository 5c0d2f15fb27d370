// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace systolog::workloads::training {

inline constexpr std::size_t kTestSubset = 1'000;       // images that come with the repository
inline constexpr std::size_t kCalibrationSubset = 256;  // training images for int:B scales

/// Copies the first `count` images and labels of "PREFIX-images-idx3-ubyte.gz" and
/// "PREFIX-labels-idx1-ubyte.gz" in `from` to "PREFIX-firstCOUNT-..." in `to`. Throws UserError.
void write_subset(const std::filesystem::path& from, const std::filesystem::path& to,
                  const std::string& prefix, std::size_t count);

}  // namespace systolog::workloads::training
