// SPDX-License-Identifier: Apache-2.0
#include "workloads/training/lenet5.h"

namespace systolog::workloads::training {

LeNet5Impl::LeNet5Impl()
    : conv1(torch::nn::Conv2dOptions(1, 6, 5).padding(2)),
      conv2(torch::nn::Conv2dOptions(6, 16, 5)),
      fc1(400, 120),
      fc2(120, 84),
      fc3(84, 10) {
  register_module("conv1", conv1);
  register_module("conv2", conv2);
  register_module("fc1", fc1);
  register_module("fc2", fc2);
  register_module("fc3", fc3);
}

torch::Tensor LeNet5Impl::forward(torch::Tensor x) {
  x = torch::max_pool2d(torch::relu(conv1(x)), 2);
  x = torch::max_pool2d(torch::relu(conv2(x)), 2);
  x = x.flatten(1);
  x = torch::relu(fc1(x));
  x = torch::relu(fc2(x));
  return fc3(x);
}

}  // namespace systolog::workloads::training
