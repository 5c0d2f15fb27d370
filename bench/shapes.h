// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace systolog::bench {

/// A layer as a matmul: M output pixels, K, N filters; `groups` of them where it is depthwise.
struct Shape {
  const char* name;
  std::size_t m, k, n, groups;
  bool large;  // counts for the median ratio
};

/// Layers of ResNet-50 [He et al. 2016, table 1], LeNet-5's second, MobileNet v2's 56x56 depthwise
/// [Sandler et al. 2018, table 2].
inline constexpr Shape kShapes[] = {
    {"resnet50_3x3_56x56x64", 56 * 56, 3 * 3 * 64, 64, 1, true},
    {"resnet50_3x3_14x14x256", 14 * 14, 3 * 3 * 256, 256, 1, true},
    {"resnet50_3x3_7x7x512", 7 * 7, 3 * 3 * 512, 512, 1, true},
    {"resnet50_1x1_28x28x128_512", 28 * 28, 128, 512, 1, true},
    {"resnet50_1x1_14x14x1024_256", 14 * 14, 1024, 256, 1, true},
    {"lenet5_conv2", 10 * 10, 150, 16, 1, false},
    {"depthwise_3x3_56x56x144", 56 * 56, 3 * 3, 1, 144, false},
};

}  // namespace systolog::bench
