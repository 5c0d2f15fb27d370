// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "models/arithmetic.h"
#include "sim/accelerator_config.h"
#include "workloads/graph.h"
#include "workloads/tensor.h"

namespace systolog::sim {

/// Smallest and largest value of a tensor, and where its magnitudes lie.
struct Range {
  float lowest = 0.0F, highest = 0.0F;
  double log2_rms = 0.0;  // of the root mean square of all x other than 0

  float magnitude() const { return lowest < -highest ? -lowest : highest; }
};
Range range_of(std::span<const float> values);

/// How often values of a tensor lie where: bins of equal width over [-limit, limit]. Zeros are left
/// out: every scale has a code for them.
struct ValueHistogram {
  static constexpr std::size_t kBins = 2048;  // a side
  float limit = 0.0F;
  std::vector<std::uint64_t> negative, positive;  // [kBins], from 0 outwards

  explicit ValueHistogram(float limit_of_values = 0.0F)
      : limit(limit_of_values), negative(kBins), positive(kBins) {}
  void add(float value);
  float edge(std::size_t bin) const;  // the inner one; edge(kBins) = limit
};

/// The range that holds all but the outermost (100 - percentile) % of the values other than 0,
/// counted by magnitude (symmetric) or on each side by itself (affine).
Range percentile_range(const ValueHistogram& histogram, double percentile, ActivationScheme scheme);

/// The range [-T, T] of which 2^(bits - 1) levels keep most information: T minimises the
/// Kullback-Leibler divergence between the distribution clipped at T and its quantised copy.
/// [Migacz 2017: 8-bit inference with TensorRT]
Range entropy_range(const ValueHistogram& histogram, int bits);

/// Told how many images are done, by one thread at a time.
using ImagesDone = std::function<void(std::size_t)>;

/// What calibration found out about each node of a graph.
class Calibration {
 public:
  Calibration() = default;
  Calibration(std::vector<Range> ranges) : ranges_(std::move(ranges)) {}  // NOLINT: min-max

  bool empty() const { return ranges_.empty(); }
  /// By the chosen method, for codes of `bits` bits.
  Range range(std::size_t node, int bits) const;
  /// From the smallest value to the largest.
  const Range& whole_range(std::size_t node) const { return ranges_.at(node); }

 private:
  friend Calibration calibrate(const workloads::Graph&, const workloads::Tensor&,
                               const QuantisationConfig&, workloads::Tensor*, const ImagesDone&);
  std::vector<Range> ranges_;
  std::vector<ValueHistogram> histograms_;  // empty: min-max
  QuantisationConfig config_;
};

/// Runs the images through the graph in FP32, on all cores; the result does not depend on their
/// number. What the last node gives goes to `outputs`, where one is given. UserError for values
/// that are not finite.
Calibration calibrate(const workloads::Graph& graph, const workloads::Tensor& images,
                      const QuantisationConfig& config = {}, workloads::Tensor* outputs = nullptr,
                      const ImagesDone& progress = {});

/// Scale and zero point of `int:B` codes that cover a range (zero always included).
models::Quantisation quantise_range(Range range, int bits, ActivationScheme scheme);

/// A power of two for the codes of the other formats (docs/quantisation.md): of fixed:B,F the least
/// one with which the whole range fits, of posits and floats the one that brings the root mean
/// square to 1, where their codes are densest: small values, however many, do not push large ones
/// out to where few codes are.
float power_of_two_scale(const Range& range, const models::Arithmetic& arithmetic);

/// The same for a layer's weights. With fixed:B,F the layer's bias must fit the format, and twice
/// its sums the accumulator, both in units of the product's scale: the scale is as large as they
/// need.
struct LayerRanges {
  Range weights, bias, sums;
};
float power_of_two_weight_scale(const LayerRanges& ranges, float activation_scale,
                                const models::Arithmetic& arithmetic);

}  // namespace systolog::sim
