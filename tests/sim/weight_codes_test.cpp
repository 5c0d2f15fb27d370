// SPDX-License-Identifier: Apache-2.0
// Weights as the array reads them, against their definition, one weight at a time.
#include "sim/weight_codes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "models/arithmetic.h"
#include "tests/draw.h"

namespace systolog::sim::test {
namespace {

using systolog::test::Draw;

std::vector<float> random_values(Draw& draw, std::size_t count) {
  std::vector<float> values(count);
  for (float& v : values) v = draw.one_in(8) ? 0.0F : draw.value();
  return values;
}

/// Powers of two for formats without scales of their own, and one for all at times.
std::vector<float> random_scales(Draw& draw, const models::Arithmetic& a, std::size_t filters) {
  std::vector<float> scales(filters, a.is_quantised() ? 0.011F : 0.5F);
  if (a.is_quantised() && draw.one_in(2)) {
    for (float& s : scales) s = 0.004F + 0.01F * std::abs(draw.value());
  }
  return scales;
}

class WeightCodes : public testing::TestWithParam<const char*> {
 protected:
  Draw draw_{5};
  const std::shared_ptr<const models::Arithmetic> arithmetic_ = models::make_arithmetic(GetParam());

  std::uint32_t one(float value, float scale) const {
    std::uint32_t code = 0;
    arithmetic_->encode({&value, 1}, {scale, 0}, reinterpret_cast<std::byte*>(&code));
    return code;
  }
  std::uint32_t at(const std::vector<std::byte>& codes, std::size_t i) const {
    std::uint32_t code = 0;
    const std::size_t bytes = arithmetic_->code_bytes();
    std::memcpy(&code, codes.data() + i * bytes, bytes);
    return code;
  }
};
INSTANTIATE_TEST_SUITE_P(Formats, WeightCodes,
                         testing::Values("int:8/exact/int:32", "int:12/exact/int:32",
                                         "posit:16,1/plam/quire", "fp32/exact/fp32"));

TEST_P(WeightCodes, OfAConvolutionLieByGroupKernelElementChannelAndFilter) {
  for (int i = 0; i < 30; ++i) {
    workloads::Conv conv;
    conv.groups = draw_.between(1, 3);
    conv.window.kernel_h = draw_.between(1, 3);
    conv.window.kernel_w = draw_.between(1, 3);
    const std::size_t depth = draw_.between(1, 40), per_group = draw_.between(1, 40);
    const std::size_t taps = conv.window.kernel_h * conv.window.kernel_w;
    conv.filters = conv.groups * per_group;
    conv.weights = random_values(draw_, conv.filters * depth * taps);
    const auto scales = random_scales(draw_, *arithmetic_, conv.filters);
    const auto codes = encode_weights(weights_of(conv, depth), *arithmetic_, scales);
    ASSERT_EQ(codes.size(), conv.weights.size() * arithmetic_->code_bytes());
    std::size_t next = 0;
    for (std::size_t g = 0; g < conv.groups; ++g) {
      for (std::size_t tap = 0; tap < taps; ++tap) {
        for (std::size_t c = 0; c < depth; ++c) {
          for (std::size_t f = g * per_group; f < (g + 1) * per_group; ++f, ++next) {
            ASSERT_EQ(at(codes, next), one(conv.weights[(f * depth + c) * taps + tap], scales[f]))
                << "filter " << f << ", channel " << c << ", tap " << tap;
          }
        }
      }
    }
  }
}

TEST_P(WeightCodes, OfAGemmLieInTheOrderOfItsInputs) {
  for (int i = 0; i < 20; ++i) {
    workloads::Gemm gemm;
    gemm.features = draw_.between(1, 70);
    const std::size_t inputs = i == 0 ? 1100 : draw_.between(1, 90);
    gemm.weights = random_values(draw_, inputs * gemm.features);
    Order order(inputs);  // where each of them lies
    std::iota(order.begin(), order.end(), 0U);
    const bool moved = draw_.one_in(2);
    for (std::size_t p = inputs; moved && p-- > 1;) {
      std::swap(order[p], order[draw_.below(p + 1)]);
    }
    const auto scales = random_scales(draw_, *arithmetic_, gemm.features);
    const LayerWeights weights = weights_of(gemm, inputs, moved ? &order : nullptr);
    const auto codes = encode_weights(weights, *arithmetic_, scales);
    ASSERT_EQ(codes.size(), gemm.weights.size() * arithmetic_->code_bytes());
    for (std::size_t e = 0; e < inputs; ++e) {
      for (std::size_t f = 0; f < gemm.features; ++f) {
        ASSERT_EQ(at(codes, order[e] * gemm.features + f),
                  one(gemm.weights[e * gemm.features + f], scales[f]))
            << "input " << e << " at " << order[e] << ", filter " << f;
      }
    }
  }
}

TEST(FilterRanges, HoldEachFiltersWeightsAndZero) {
  Draw draw(6);
  for (int i = 0; i < 20; ++i) {
    workloads::Conv conv;
    conv.filters = draw.between(1, 20);
    const std::size_t depth = draw.between(1, 50);
    conv.weights = random_values(draw, conv.filters * depth);
    workloads::Gemm gemm;  // the same, turned
    gemm.features = conv.filters;
    gemm.weights.resize(conv.weights.size());
    for (std::size_t f = 0; f < conv.filters; ++f) {
      for (std::size_t k = 0; k < depth; ++k) {
        gemm.weights[k * conv.filters + f] = conv.weights[f * depth + k];
      }
    }
    const auto by_conv = filter_ranges(weights_of(conv, depth));
    const auto by_gemm = filter_ranges(weights_of(gemm, depth, nullptr));
    for (std::size_t f = 0; f < conv.filters; ++f) {
      float lowest = 0.0F, highest = 0.0F;
      for (std::size_t k = 0; k < depth; ++k) {
        lowest = std::min(lowest, conv.weights[f * depth + k]);
        highest = std::max(highest, conv.weights[f * depth + k]);
      }
      for (const Range& range : {by_conv[f], by_gemm[f]}) {
        EXPECT_EQ(range.lowest, lowest);
        EXPECT_EQ(range.highest, highest);
      }
    }
  }
}

}  // namespace
}  // namespace systolog::sim::test
