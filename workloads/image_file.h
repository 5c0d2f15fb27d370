// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "workloads/preprocessing.h"

namespace systolog::workloads {

/// A JPEG or PNG picture (told apart by its first bytes) as 8-bit planes: 3 channels R, G, B, or 1,
/// ITU-R BT.601 luma. Transparency is dropped. Throws UserError naming the file for what is no
/// picture, is cut off or damaged, or has sides above 16,384 pixels.
Pixels read_image(const std::filesystem::path& path, std::size_t channels);

/// The same from memory; `what` names it in messages.
Pixels decode_image(std::span<const std::uint8_t> bytes, std::size_t channels,
                    const std::string& what);

}  // namespace systolog::workloads
