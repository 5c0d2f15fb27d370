// SPDX-License-Identifier: Apache-2.0
#include "workloads/reference_convolution.h"

#include <algorithm>
#include <array>
#include <cstddef>

// One version a vector width, chosen when the program starts: none fuses a product with its sum
// (-ffp-contract=off), so they give the same bits.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SYSTOLOG_VECTOR_WIDTHS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define SYSTOLOG_VECTOR_WIDTHS
#endif

namespace systolog::workloads {
namespace {

constexpr std::size_t kPixels = 32;  // side by side, in registers
constexpr std::size_t kFilters = 4;  // that share each load of pixels
constexpr std::size_t kBlock = 64;   // pixels whose windows are gathered at a time

/// sums[f][p] += weights[f][k] * pixels[k][p], k ascending, for kPixels of kBlock.
SYSTOLOG_VECTOR_WIDTHS
void multiply(const float* const* weights, const float* pixels, std::size_t depth,
              float (*sums)[kPixels]) {
  float total[kFilters][kPixels] = {};
  for (std::size_t k = 0; k < depth; ++k, pixels += kBlock) {
    for (std::size_t f = 0; f < kFilters; ++f) {
      const float weight = weights[f][k];
      for (std::size_t p = 0; p < kPixels; ++p) total[f][p] += weight * pixels[p];
    }
  }
  std::copy(&total[0][0], &total[0][0] + kFilters * kPixels, &sums[0][0]);
}

/// The windows of output pixels [first, first + count), pixels[k][p]; k in the order of the
/// weights.
void gather(const Conv& op, const Shape& in, const Shape& out, const float* channels,
            std::size_t depth, std::size_t first, std::size_t count, float* pixels) {
  const Window& w = op.window;
  for (std::size_t c = 0; c < depth; ++c, channels += in.height * in.width) {
    for (std::size_t ky = 0; ky < w.kernel_h; ++ky) {
      for (std::size_t kx = 0; kx < w.kernel_w; ++kx, pixels += kBlock) {
        std::size_t row = first / out.width, column = first % out.width;
        for (std::size_t p = 0; p < count;) {
          const std::size_t run = std::min(out.width - column, count - p);
          // Below zero these wrap around, and are as far outside as what lies behind the end.
          const std::size_t y = row * w.stride_h + ky * w.dilation_h - w.pad_top;
          std::size_t x = column * w.stride_w + kx * w.dilation_w - w.pad_left;
          for (std::size_t i = 0; i < run; ++i, x += w.stride_w) {
            pixels[p + i] = y < in.height && x < in.width ? channels[y * in.width + x] : 0.0F;
          }
          p += run;
          column = 0;
          ++row;
        }
      }
    }
  }
}

}  // namespace

std::vector<float> convolve(const Conv& op, const Shape& in, const Shape& out,
                            std::span<const float> image) {
  const std::size_t depth = in.channels / op.groups, filters = op.filters / op.groups;
  const std::size_t products = depth * op.window.kernel_h * op.window.kernel_w;
  const std::size_t count = out.height * out.width;
  std::vector<float> result(out.count());
  std::vector<float> pixels(products * kBlock);
  for (std::size_t group = 0; group < op.groups; ++group) {
    for (std::size_t first = 0; first < count; first += kBlock) {
      const std::size_t block = std::min(kBlock, count - first);
      gather(op, in, out, image.data() + group * depth * in.height * in.width, depth, first, block,
             pixels.data());
      for (std::size_t p = 0; p < block; p += kPixels) {
        for (std::size_t f = 0; f < filters; f += kFilters) {
          // Filters beyond the last compute the last one again.
          std::array<const float*, kFilters> weights{};
          for (std::size_t i = 0; i < kFilters; ++i) {
            const std::size_t filter = group * filters + std::min(f + i, filters - 1);
            weights[i] = op.weights.data() + filter * products;
          }
          float sums[kFilters][kPixels];
          multiply(weights.data(), pixels.data() + p, products, sums);
          for (std::size_t i = 0; i < std::min(kFilters, filters - f); ++i) {
            const std::size_t filter = group * filters + f + i;
            const float bias = op.bias.empty() ? 0.0F : op.bias[filter];
            float* const to = result.data() + filter * count + first + p;
            for (std::size_t q = 0; q < std::min(kPixels, block - p); ++q) {
              to[q] = op.bias.empty() ? sums[i][q] : sums[i][q] + bias;
            }
          }
        }
      }
    }
  }
  return result;
}

}  // namespace systolog::workloads
