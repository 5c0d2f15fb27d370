// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace systolog::workloads::training {

struct Augmentation {
  int max_shift = 0;  // pixels each way
  bool mirror = false;
};

/// Copies a `side` x `side` image, moved and, if allowed, mirrored in half of the cases. What comes
/// in from outside is `background`. Uses the engine's bits directly: the standard distributions
/// differ between libraries.
void augment(std::span<const float> image, std::size_t side, const Augmentation& allowed,
             float background, std::mt19937_64& random, std::span<float> out);

/// A permutation of 0 .. count - 1 (Fisher-Yates).
std::vector<std::size_t> shuffled(std::size_t count, std::mt19937_64& random);

}  // namespace systolog::workloads::training
