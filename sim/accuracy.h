// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "workloads/tensor.h"

namespace systolog::sim {

/// How the accelerator's outputs compare with the labels and with the FP32 reference. Fractions of
/// 1. An image whose largest output is shared by several classes counts for the first of them.
struct Accuracy {
  std::size_t images = 0, k = 5;
  bool labelled = false;
  double top1 = 0, top5 = 0, topk = 0, reference_top1 = 0;  // only where labelled
  double agreement = 0;                                     // same top-1 class as the reference
  double mean_abs_error = 0, max_abs_error = 0;             // of any output; NaN where one is NaN
};

/// `outputs` and `reference` are [images, classes]; `labels` may be empty; `k` is that of topk.
Accuracy compare(const workloads::Tensor& outputs, const workloads::Tensor& reference,
                 std::span<const std::uint32_t> labels, std::size_t k = 5);

/// SHA-256 of the values' bytes, FP32 little endian, and behind them those of `more`, as lower-case
/// hex.
std::string sha256(std::span<const float> values, std::span<const workloads::Tensor> more = {});

}  // namespace systolog::sim
