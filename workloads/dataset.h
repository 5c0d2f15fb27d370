// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "workloads/tensor.h"

namespace systolog::workloads {

/// Images ready for a network and their labels.
struct Dataset {
  std::string name;                   // what the report calls it, e.g. "Fashion-MNIST test"
  Tensor images;                      // [N, C, H, W], preprocessed
  std::vector<std::uint32_t> labels;  // [N]
};

/// Pixel p of channel c becomes (p * scale - mean[c]) / std[c].
struct Preprocessing {
  float scale = 1.0F / 255.0F;
  std::vector<float> mean, std;  // one each a channel; empty: 0 and 1
};

/// Reads the first `limit` images of an idx pair (plain or gzip); limit 0 means all. Throws
/// UserError naming the file, the offset and what was expected there.
Dataset read_idx(const std::filesystem::path& images, const std::filesystem::path& labels,
                 const Preprocessing& preprocessing, std::size_t limit);

}  // namespace systolog::workloads
