// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <vector>

#include "workloads/training/network_spec.h"

namespace systolog::workloads::training {

/// The network a spec describes.
struct SpecNetworkImpl : torch::nn::Module {
  explicit SpecNetworkImpl(const NetworkSpec& spec);
  torch::Tensor forward(const torch::Tensor& images);

  /// Weight and bias of layer `index`, with its batch norm folded in: with g = gamma / sqrt(var +
  /// eps), weight * g and beta - mean * g.
  struct Folded {
    torch::Tensor weight, bias;
  };
  Folded folded(std::size_t index) const;

  const NetworkSpec* spec;
  // One a layer; empty holders where the layer has none.
  std::vector<torch::nn::Conv2d> convs;
  std::vector<torch::nn::BatchNorm2d> norms;
  std::vector<torch::nn::Linear> linears;
};
TORCH_MODULE(SpecNetwork);

}  // namespace systolog::workloads::training
