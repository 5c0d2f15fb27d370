// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/accuracy.h"
#include "sim/analysis.h"
#include "sim/json_file.h"

namespace systolog::sim {

/// What comes out at the end of the network, against FP32.
struct EndErrors {
  OutputErrors outputs;
  Accuracy accuracy;
};

/// One arithmetic: layer by layer, and at the end, all layers in it; the same with the multiplier's
/// mean error compensated, where it has one.
struct AnalysisOfArithmetic {
  std::string arithmetic;
  std::vector<LayerErrors> layers;
  EndErrors end;
  std::optional<EndErrors> compensated;
};

/// FP32 with every product scaled by 1 + bias.
struct BiasOnly {
  double bias = 0;
  EndErrors end;
};

struct Analysis {
  std::string workload, data;
  std::size_t images = 0, pixels = 0;
  Accuracy baseline;
  std::vector<AnalysisOfArithmetic> arithmetics;
  std::vector<BiasOnly> biased;
};

Json analysis_json(const Analysis& analysis);
/// layers.csv: one row a layer and arithmetic; lengths.csv: and number of products.
std::string analysis_layers_csv(const Json& report);
std::string analysis_lengths_csv(const Json& report);
std::string analysis_text(const Json& report);

/// SVG: bias against the number of products summed, a line an arithmetic (mean over the layers).
std::string bias_by_length_svg(const Json& report);
/// SVG: what is left of the error beside the bias, relative to the sum of the products' magnitudes.
std::string spread_by_length_svg(const Json& report);
/// SVG: bias and rest of each layer of one arithmetic, before and after batch norm.
std::string layers_svg(const Json& report, std::size_t arithmetic);

}  // namespace systolog::sim
