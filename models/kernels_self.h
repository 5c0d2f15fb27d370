// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "models/float_format.h"
#include "models/kernels_nonzero.h"
#include "models/posit.h"

namespace systolog::models {

/// sum = round(sum + round(product)), each to the nearest number of the format, which a T holds; so
/// are merges. Products are exact in T. Sums of two numbers of the format, rounded to T first, must
/// round to the same (see self_matmul.h). No number leaves the format's range.
template <typename T>
void sum_in_format(const Posit& format, Product product, LaneZeros zeros,
                   const NonzeroPanels<T, T>& work);
template <typename T>
void sum_in_format(const Float& format, Product product, LaneZeros zeros,
                   const NonzeroPanels<T, T>& work);

}  // namespace systolog::models
