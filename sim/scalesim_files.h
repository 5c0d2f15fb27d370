// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/scalesim_model.h"

namespace systolog::sim::scalesim {

/// What is read from a file, and what in it has no effect here ("MemoryBanks", "[sparsity]", ...).
struct ReadArchitecture {
  Architecture architecture;
  std::vector<std::string> ignored;
};
struct ReadTopology {
  std::vector<Layer> layers;
  std::vector<std::string> ignored;
};

/// A SCALE-Sim config (.cfg): INI, `key = value` or `key : value`, keys in any case; v1's names of
/// the buffers (IfmapSramSz) too. Throws UserError with file, line, key, value and what is allowed.
ReadArchitecture read_architecture(const std::filesystem::path& file);

enum class TopologyForm { kByHeader, kConvolution, kGemm };

/// A SCALE-Sim topology (.csv): a header, then a row a layer, blanks and the comma at a line's end
/// as they come. Convolution: name, IFMAP height, width, filter height, width, channels, filters,
/// stride (and v2's second stride); a layer with DP in its name is one layer a channel. GEMM: name,
/// M, N, K. kByHeader takes GEMM where the header's second column is M. Throws UserError with file,
/// line, field, value and what is allowed.
ReadTopology read_topology(const std::filesystem::path& file, TopologyForm form);

}  // namespace systolog::sim::scalesim
