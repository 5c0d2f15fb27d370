// SPDX-License-Identifier: Apache-2.0
#include "workloads/training/augment.h"

#include <numeric>
#include <utility>

namespace systolog::workloads::training {

void augment(std::span<const float> image, std::size_t side, const Augmentation& allowed,
             float background, std::mt19937_64& random, std::span<float> out) {
  const auto choices = static_cast<std::uint64_t>(2 * allowed.max_shift + 1);
  const int dy = static_cast<int>(random() % choices) - allowed.max_shift;
  const int dx = static_cast<int>(random() % choices) - allowed.max_shift;
  const bool mirror = random() % 2 == 1 && allowed.mirror;
  const int size = static_cast<int>(side);
  std::size_t next = 0;
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      const int from_y = y + dy, from_x = (mirror ? size - 1 - x : x) + dx;
      const bool inside = from_y >= 0 && from_y < size && from_x >= 0 && from_x < size;
      out[next++] = inside ? image[static_cast<std::size_t>(from_y * size + from_x)] : background;
    }
  }
}

std::vector<std::size_t> shuffled(std::size_t count, std::mt19937_64& random) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

}  // namespace systolog::workloads::training
