// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/arithmetic.h"
#include "workloads/graph.h"
#include "workloads/tensor.h"

namespace systolog::sim {

/// Sums over pairs of an exact output y and the approximate one z.
struct PairSums {
  double n = 0, y = 0, z = 0, yy = 0, yz = 0, zz = 0;

  void add(double exact, double approximate);
  PairSums& operator+=(const PairSums& other);
  /// Of (a y + b, c z + d).
  PairSums mapped(double a, double b, double c, double d) const;
};

/// What z differs from y by: z = (1 + gain) y + rest, by least squares.
struct OutputErrors {
  double gain = 0;           // the bias: a factor that all outputs share
  double gain_spread = 0;    // standard deviation of the channels' own gains, weighted by sum y^2
  double mean = 0, std = 0;  // of z - y, relative to the root mean square of y
  double rest = 0;           // root mean square of the rest, relative to that of y
};
/// Of a layer, its channels one by one.
OutputErrors errors_of(std::span<const PairSums> channels);

/// The errors after the first so many products of a sum.
struct LengthErrors {
  std::size_t products = 0;
  OutputErrors errors;
  double rest_of_magnitudes = 0;  // the rest's root mean square over the mean of sum |a w|
};

/// One layer with weights in one arithmetic.
struct LayerErrors {
  std::string layer, op;
  std::size_t products = 0, channels = 0, groups = 1;
  OutputErrors sums;  // before bias and batch norm
  // After the batch norm that follows: with its shipped statistics; with a mean and a variance
  // taken from the approximate outputs themselves, as training in the arithmetic would.
  std::optional<OutputErrors> normalised, renormalised;
  std::vector<LengthErrors> lengths;  // 1, 2, 4, ... products, then all

  bool is_depthwise() const { return groups > 1 && groups == channels; }
};

struct AnalysisSettings {
  std::size_t pixels = 16;  // outputs of each layer that are looked at, an image
  std::uint64_t seed = 1;   // of the pixels and of the order of products
};

/// Runs the images in FP32 and recomputes outputs of every layer with weights from the activations
/// that really arrive there, encoded: z in the arithmetic (sums rounded to its format), y from the
/// same codes in FP64. The graph keeps its batch norms. int:B is not for it: UserError.
std::vector<LayerErrors> analyse_layers(const workloads::Graph& graph,
                                        const workloads::Tensor& images,
                                        const models::Arithmetic& arithmetic,
                                        const AnalysisSettings& settings);

/// The graph with all weights of all layers multiplied by `factor`, biases left as they are: an
/// ideal multiplier whose only error is a bias.
workloads::Graph with_biased_products(workloads::Graph graph, float factor);

}  // namespace systolog::sim
