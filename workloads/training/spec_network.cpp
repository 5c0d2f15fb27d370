// SPDX-License-Identifier: Apache-2.0
#include "workloads/training/spec_network.h"

namespace systolog::workloads::training {

SpecNetworkImpl::SpecNetworkImpl(const NetworkSpec& network) : spec(&network) {
  for (const LayerSpec& layer : spec->layers) {
    convs.emplace_back(nullptr);
    norms.emplace_back(nullptr);
    linears.emplace_back(nullptr);
    if (layer.kind == LayerKind::kConv) {
      convs.back() =
          torch::nn::Conv2d(torch::nn::Conv2dOptions(layer.channels, layer.filters, layer.kernel)
                                .stride(layer.stride)
                                .padding(layer.pad)
                                .groups(layer.groups)
                                .bias(!layer.batch_norm));
      register_module(layer.name, convs.back());
    }
    if (layer.batch_norm) {
      norms.back() = torch::nn::BatchNorm2d(layer.filters);
      register_module(layer.name + "_bn", norms.back());
    }
    if (layer.kind == LayerKind::kLinear) {
      linears.back() = torch::nn::Linear(layer.channels, layer.filters);
      register_module(layer.name, linears.back());
    }
  }
}

torch::Tensor SpecNetworkImpl::forward(const torch::Tensor& images) {
  std::vector<torch::Tensor> values = {images};
  for (std::size_t i = 0; i < spec->layers.size(); ++i) {
    const LayerSpec& layer = spec->layers[i];
    const torch::Tensor& in = values[layer.input];
    torch::Tensor out;
    switch (layer.kind) {
      case LayerKind::kConv:
        out = convs[i](in);
        if (layer.batch_norm) out = norms[i](out);
        break;
      case LayerKind::kLinear:
        out = linears[i](in);
        break;
      case LayerKind::kMaxPool:
        out = torch::max_pool2d(in, layer.kernel, layer.stride);
        break;
      case LayerKind::kGlobalAveragePool:
        out = in.mean({2, 3}, /*keepdim=*/true);
        break;
      case LayerKind::kFlatten:
        out = in.flatten(1);
        break;
      case LayerKind::kAdd:
        out = in + values[layer.other];
        break;
    }
    values.push_back(layer.relu ? torch::relu(out) : out);
  }
  return values.back();
}

SpecNetworkImpl::Folded SpecNetworkImpl::folded(std::size_t index) const {
  const torch::NoGradGuard no_grad;
  const LayerSpec& layer = spec->layers[index];
  if (layer.kind == LayerKind::kLinear) return {linears[index]->weight, linears[index]->bias};
  const torch::nn::Conv2d& conv = convs[index];
  if (!layer.batch_norm) return {conv->weight, conv->bias};
  const torch::nn::BatchNorm2d& norm = norms[index];
  const torch::Tensor gain = norm->weight / torch::sqrt(norm->running_var + norm->options.eps());
  return {conv->weight * gain.reshape({-1, 1, 1, 1}), norm->bias - norm->running_mean * gain};
}

}  // namespace systolog::workloads::training
