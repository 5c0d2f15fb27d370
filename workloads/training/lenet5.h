// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

namespace systolog::workloads::training {

/// LeNet-5 as it is used today: the layers of [LeCun 1998], with ReLU and max pooling.
///
///   input [N,1,28,28]  conv1 6@5x5 pad 2  relu  pool 2x2    [N,6,14,14]
///                      conv2 16@5x5       relu  pool 2x2    [N,16,5,5]
///                      fc1 400 -> 120     relu
///                      fc2 120 -> 84      relu
///                      fc3  84 -> 10                        logits [N,10]
struct LeNet5Impl : torch::nn::Module {
  LeNet5Impl();
  torch::Tensor forward(torch::Tensor x);

  torch::nn::Conv2d conv1, conv2;
  torch::nn::Linear fc1, fc2, fc3;
};
TORCH_MODULE(LeNet5);

}  // namespace systolog::workloads::training
