// SPDX-License-Identifier: Apache-2.0
// Resizing with a separable filter as wide as the reduction asks for (antialiased), rows first,
// rounded to 8 bits after each direction: what Pillow's resize does, the practice behind published
// ImageNet accuracies.
#include <algorithm>
#include <cmath>

#include "models/user_error.h"
#include "workloads/preprocessing.h"

namespace systolog::workloads {

namespace {

/// Triangle of half-width 1.
double bilinear(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

/// Cubic convolution with a = -1/2. [Keys 1981, eq. 4]
double bicubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

/// Weights of the source pixels [first, first + weights.size()) for one output pixel; their sum is
/// 1.
struct Taps {
  std::size_t first = 0;
  std::vector<double> weights;
};

std::vector<Taps> taps(std::size_t from, std::size_t to, Filter filter) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double stretch = std::max(scale, 1.0);  // narrower than one pixel would alias
  const double reach = (filter == Filter::kBilinear ? 1.0 : 2.0) * stretch;
  std::vector<Taps> all(to);
  for (std::size_t i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const auto first = static_cast<std::size_t>(std::max(0.0, std::floor(centre - reach + 0.5)));
    const auto last = std::min(from, static_cast<std::size_t>(std::floor(centre + reach + 0.5)));
    all[i].first = first;
    double sum = 0.0;
    for (std::size_t s = first; s < last; ++s) {
      const double x = (static_cast<double>(s) + 0.5 - centre) / stretch;
      all[i].weights.push_back(filter == Filter::kBilinear ? bilinear(x) : bicubic(x));
      sum += all[i].weights.back();
    }
    for (double& w : all[i].weights) w /= sum;
  }
  return all;
}

std::uint8_t to_byte(double value) {
  return static_cast<std::uint8_t>(std::clamp(std::floor(value + 0.5), 0.0, 255.0));
}

Pixels resize(const Pixels& image, std::size_t height, std::size_t width, Filter filter) {
  Pixels rows{image.channels, image.height, width, {}};
  rows.bytes.reserve(image.channels * image.height * width);
  const std::vector<Taps> across = taps(image.width, width, filter);
  for (std::size_t line = 0; line < image.channels * image.height; ++line) {
    const std::uint8_t* from = image.bytes.data() + line * image.width;
    for (const Taps& t : across) {
      double sum = 0.0;
      for (std::size_t k = 0; k < t.weights.size(); ++k) sum += t.weights[k] * from[t.first + k];
      rows.bytes.push_back(to_byte(sum));
    }
  }
  Pixels out{image.channels, height, width, {}};
  out.bytes.reserve(image.channels * height * width);
  const std::vector<Taps> down = taps(image.height, height, filter);
  std::vector<double> sums(width);
  for (std::size_t c = 0; c < image.channels; ++c) {
    const std::uint8_t* plane = rows.bytes.data() + c * image.height * width;
    for (const Taps& t : down) {
      std::ranges::fill(sums, 0.0);
      for (std::size_t k = 0; k < t.weights.size(); ++k) {
        const std::uint8_t* from = plane + (t.first + k) * width;
        for (std::size_t x = 0; x < width; ++x) sums[x] += t.weights[k] * from[x];
      }
      for (const double sum : sums) out.bytes.push_back(to_byte(sum));
    }
  }
  return out;
}

Pixels centre_crop(const Pixels& image, std::size_t height, std::size_t width) {
  const std::size_t top = (image.height - height) / 2, left = (image.width - width) / 2;
  Pixels out{image.channels, height, width, {}};
  out.bytes.reserve(image.channels * height * width);
  for (std::size_t c = 0; c < image.channels; ++c) {
    for (std::size_t y = 0; y < height; ++y) {
      const auto row = image.bytes.begin() + static_cast<std::ptrdiff_t>(
                                                 (c * image.height + top + y) * image.width + left);
      out.bytes.insert(out.bytes.end(), row, row + static_cast<std::ptrdiff_t>(width));
    }
  }
  return out;
}

}  // namespace

std::size_t imagenet_resize(const ImageSize& network) {
  return (std::max(network.height, network.width) * 256 + 112) / 224;
}

Pixels fit(Pixels image, const Preprocessing& preprocessing, const ImageSize& target,
           const std::string& what) {
  if (!preprocessing.resize || target.height == 0 || target.width == 0) return image;
  const std::size_t shorter = std::min(image.height, image.width), wanted = *preprocessing.resize;
  if (wanted != 0 && wanted != shorter) {
    // The other side keeps the proportion, cut to whole pixels as torchvision's Resize does.
    const auto side = [&](std::size_t pixels) {
      return pixels == shorter ? wanted : pixels * wanted / shorter;
    };
    image = resize(image, side(image.height), side(image.width), preprocessing.filter);
  }
  if (image.height < target.height || image.width < target.width) {
    throw UserError(what + ": " + std::to_string(image.height) + "x" + std::to_string(image.width) +
                    " pixels" + (wanted == 0 ? "" : " after resizing") + ", the network takes " +
                    std::to_string(target.height) + "x" + std::to_string(target.width) +
                    "; preprocessing's resize must make them as large or larger");
  }
  if (image.height == target.height && image.width == target.width) return image;
  return centre_crop(image, target.height, target.width);
}

}  // namespace systolog::workloads
