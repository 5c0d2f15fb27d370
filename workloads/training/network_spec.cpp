// SPDX-License-Identifier: Apache-2.0
#include "workloads/training/network_spec.h"

namespace systolog::workloads::training {

namespace {

/// Adds layers one behind the other; each call returns the value it makes.
class Builder {
 public:
  std::size_t conv(const std::string& name, std::int64_t filters, std::int64_t kernel,
                   std::int64_t stride, std::int64_t pad, bool relu, std::size_t input) {
    LayerSpec layer{.kind = LayerKind::kConv, .name = name, .input = input};
    layer.channels = channels_[input];
    layer.filters = filters;
    layer.kernel = kernel;
    layer.stride = stride;
    layer.pad = pad;
    layer.batch_norm = true;
    layer.relu = relu;
    return add(layer, filters);
  }
  std::size_t conv(const std::string& name, std::int64_t filters, std::int64_t kernel,
                   std::int64_t stride, std::int64_t pad) {
    return conv(name, filters, kernel, stride, pad, true, last());
  }
  /// One 3x3 filter a channel, then 1x1 over all of them. [Howard 2017, MobileNets, section 3.1]
  void depthwise_separable(const std::string& name, std::int64_t filters, std::int64_t stride) {
    const std::int64_t channels = channels_.back();
    conv(name + "_dw", channels, 3, stride, 1);
    layers.back().groups = channels;
    conv(name + "_pw", filters, 1, 1, 0);
  }
  /// Two 3x3 convolutions beside a shortcut, a 1x1 convolution where shapes differ. [He 2016, fig.
  /// 2]
  void residual(const std::string& name, std::int64_t filters, std::int64_t stride) {
    const std::size_t in = last();
    conv(name + "_conv1", filters, 3, stride, 1);
    const std::size_t branch = conv(name + "_conv2", filters, 3, 1, 1, false, last());
    const bool same = stride == 1 && channels_[in] == filters;
    const std::size_t shortcut =
        same ? in : conv(name + "_shortcut", filters, 1, stride, 0, false, in);
    LayerSpec sum{.kind = LayerKind::kAdd, .name = name + "_add", .input = branch};
    sum.other = shortcut;
    sum.relu = true;
    add(sum, filters);
  }
  void max_pool(const std::string& name, std::int64_t kernel, std::int64_t stride) {
    LayerSpec layer{.kind = LayerKind::kMaxPool, .name = name, .input = last()};
    layer.kernel = kernel;
    layer.stride = stride;
    add(layer, channels_.back());
  }
  void global_average_pool() {
    add({.kind = LayerKind::kGlobalAveragePool, .name = "pool", .input = last()}, channels_.back());
  }
  void flatten(std::int64_t features) {
    add({.kind = LayerKind::kFlatten, .name = "flatten", .input = last()}, features);
  }
  void linear(const std::string& name, std::int64_t features, bool relu) {
    LayerSpec layer{.kind = LayerKind::kLinear, .name = name, .input = last()};
    layer.channels = channels_.back();
    layer.filters = features;
    layer.relu = relu;
    add(layer, features);
  }

  std::vector<LayerSpec> layers;

 private:
  std::size_t last() const { return layers.size(); }
  std::size_t add(LayerSpec layer, std::int64_t channels) {
    layers.push_back(std::move(layer));
    channels_.push_back(channels);
    return last();
  }
  std::vector<std::int64_t> channels_ = {3};  // of each value
};

/// conv5x5x64, pool, conv5x5x64, pool, FC384, FC192, FC10 with ReLU: the CIFAR-10 network of
/// [PLAM, arXiv 2102.09262], trained there with Adam, rate 0.001, batches of 128, 30 epochs. What
/// its text leaves open is ours: no padding, pools of 2x2, so that fc1 sees 64 x 5 x 5.
NetworkSpec cifarnet() {
  Builder b;
  b.conv("conv1", 64, 5, 1, 0);
  b.layers.back().batch_norm = false;
  b.max_pool("pool1", 2, 2);
  b.conv("conv2", 64, 5, 1, 0);
  b.layers.back().batch_norm = false;
  b.max_pool("pool2", 2, 2);
  b.flatten(64 * 5 * 5);
  b.linear("fc1", 384, true);
  b.linear("fc2", 192, true);
  b.linear("fc3", 10, false);
  return {"cifarnet", "the CIFAR-10 network of the PLAM paper", b.layers, true, 0.001, 0.0, 9, 128,
          true};
}

/// Three residual blocks of 16, 32 and 64 filters.
NetworkSpec resnet8() {
  Builder b;
  b.conv("conv1", 16, 3, 1, 1);
  b.residual("block1", 16, 1);
  b.residual("block2", 32, 2);
  b.residual("block3", 64, 2);
  b.global_average_pool();
  b.flatten(64);
  b.linear("fc", 10, false);
  return {"resnet8", "a residual network of eight layers", b.layers, false, 0.1, 5e-4, 10, 128,
          false};
}

/// Depthwise separable convolutions throughout, as MobileNet has them.
NetworkSpec mobilenet() {
  Builder b;
  b.conv("conv1", 16, 3, 1, 1);
  b.depthwise_separable("block1", 32, 2);
  b.depthwise_separable("block2", 64, 1);
  b.depthwise_separable("block3", 64, 2);
  b.depthwise_separable("block4", 128, 1);
  b.depthwise_separable("block5", 128, 1);
  b.global_average_pool();
  b.flatten(128);
  b.linear("fc", 10, false);
  return {"mobilenet10", "five depthwise separable blocks", b.layers, false, 0.1, 5e-4, 10, 128,
          false};
}

}  // namespace

std::span<const NetworkSpec> network_specs() {
  static const NetworkSpec kSpecs[] = {cifarnet(), resnet8(), mobilenet()};
  return kSpecs;
}

}  // namespace systolog::workloads::training
