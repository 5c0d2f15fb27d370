// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "workloads/dataset.h"
#include "workloads/training/lenet5.h"

namespace systolog::workloads::training {

struct TrainOptions {
  std::uint64_t seed = 1;
  std::size_t epochs = 60;
  std::size_t batch = 64;
  double learning_rate = 0.05;  // at the start; falls to 0 along half a cosine
  double momentum = 0.9;        // Nesterov
  double weight_decay = 5e-4;
  int max_shift = 1;             // pixels of augmentation
  bool mirror = true;            // half of the images; not for digits and letters
  std::size_t held_out = 5'000;  // last training images, never trained on
};

struct Epoch {
  std::size_t number = 0;  // from 1
  double loss = 0.0;       // mean cross-entropy over the epoch's augmented images
  double held_out_accuracy = 0.0;
  double seconds = 0.0;
  bool is_best = false;
};

/// Half a cosine over all steps: rate (1 + cos(pi step / steps)) / 2. [Loshchilov 2017, SGDR]
double cosine(double rate, std::size_t step, std::size_t steps);

/// Trains and returns the network of the epoch with the best held-out accuracy (the earliest of
/// equals). Deterministic: one thread, seeded, deterministic algorithms; the same build on the
/// same kind of CPU gives the same weights. The test set is not looked at.
LeNet5 train(const Dataset& data, const TrainOptions& options,
             const std::function<void(const Epoch&)>& report);

}  // namespace systolog::workloads::training
