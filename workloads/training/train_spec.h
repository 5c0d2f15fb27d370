// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "workloads/dataset.h"
#include "workloads/training/spec_network.h"
#include "workloads/training/train.h"

namespace systolog::workloads::training {

/// Trains a network on all images of `data`, moved by up to four pixels and mirrored, and returns
/// it as it is after the last epoch, ready for inference. No image is held out and nothing is
/// chosen by accuracy. Deterministic as train() is. `report` gets no accuracies.
SpecNetwork train_spec(const NetworkSpec& spec, const Dataset& data, std::uint64_t seed,
                       const std::function<void(const Epoch&)>& report);

}  // namespace systolog::workloads::training
