// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "workloads/graph.h"

namespace systolog::workloads {

/// Values of one image after `node`, in NCHW order, from those after its inputs. FP32 throughout;
/// `graph` has its shapes inferred.
///
/// Sums     conv    out[f,y,x] = (sum over c, ky, kx of in * w, ascending, from zero) + bias[f];
///                  pixels outside the image are left out of the sum.
///          gemm    out[n] = (sum over k of in[k] * w[k,n], ascending, from zero) + bias[n].
///          pools   sum over y, x ascending, then one division.
/// NaN      stays a NaN through ReLU and wins in max pooling.
std::vector<float> run_operator(const Graph& graph, const Node& node,
                                std::span<const std::span<const float>> inputs);

}  // namespace systolog::workloads
