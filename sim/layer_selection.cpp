// SPDX-License-Identifier: Apache-2.0
#include "sim/layer_selection.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "models/user_error.h"
#include "sim/host_io.h"
#include "workloads/reference.h"

namespace systolog::sim {
namespace {

std::optional<std::size_t> find_layer(const Network& network, const std::string& name) {
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    if (network.layers[l].name == name) return l;
  }
  return std::nullopt;
}

[[noreturn]] void refuse(const Network& network, const std::string& option,
                         const std::string& what) {
  std::string known;
  for (const Layer& layer : network.layers) known += (known.empty() ? "" : ", ") + layer.name;
  throw UserError("--layers " + option + ": " + what +
                  ", allowed names and ranges FIRST..LAST of " + known);
}

std::size_t layer_called(const Network& network, const std::string& option,
                         const std::string& name) {
  const auto found = find_layer(network, name);
  if (!found) refuse(network, option, "\"" + name + "\" is no layer of " + network.name);
  return *found;
}

/// FP32 values of these tensors, by value: [images, C, H, W] in the order of their nodes.
std::map<std::size_t, workloads::Tensor> reference_values(const Network& network,
                                                          const std::set<std::size_t>& wanted,
                                                          const workloads::Graph& graph,
                                                          const workloads::Tensor& images) {
  std::map<std::size_t, workloads::Tensor> tensors;
  std::map<std::size_t, std::size_t> value_of;  // of a node
  for (const std::size_t value : wanted) {
    bool known = false;
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      const auto& seen = graph.nodes[n].shape;
      const auto& lies = network.values[value].shape;
      if (graph.nodes[n].name != network.values[value].name) continue;
      if (seen.channels == lies.channels && seen.height == lies.height &&
          seen.width == lies.width) {
        value_of[n] = value;
        known = true;
      }
    }
    const auto& s = network.values[value].shape;
    if (!known) {
      throw UserError("--layers: " + network.values[value].name +
                      ", which a layer reads, lies in memory in another order than the model has "
                      "it; allowed with the layer that makes it");
    }
    tensors[value].shape = {images.shape[0], s.channels, s.height, s.width};
  }
  workloads::run_reference(graph, images, [&](std::size_t node, std::span<const float> values) {
    const auto found = value_of.find(node);
    if (found == value_of.end()) return;
    auto& all = tensors[found->second].values;
    all.insert(all.end(), values.begin(), values.end());
  });
  return tensors;
}

}  // namespace

std::vector<std::size_t> named_layers(const Network& network, const std::string& option) {
  std::set<std::size_t> layers;
  // A name may hold commas and dots.
  if (const auto whole = find_layer(network, option)) return {*whole};
  std::istringstream parts(option);
  for (std::string part; std::getline(parts, part, ',');) {
    std::size_t first = 0, last = 0;
    const std::size_t dots = part.find("..");
    if (const auto named = find_layer(network, part); named || dots == std::string::npos) {
      first = last = layer_called(network, option, part);
    } else {
      first = layer_called(network, option, part.substr(0, dots));
      last = layer_called(network, option, part.substr(dots + 2));
      if (last < first) refuse(network, option, "\"" + part + "\" ends before it begins");
    }
    for (std::size_t l = first; l <= last; ++l) layers.insert(l);
  }
  if (layers.empty()) refuse(network, option, "names no layer");
  return {layers.begin(), layers.end()};
}

workloads::Tensor keep_layers(Network& network, const std::vector<std::size_t>& layers,
                              const workloads::Graph& graph, const workloads::Tensor& images) {
  std::vector<Layer> kept;
  std::set<std::size_t> made, fed;
  for (const FedValue& constant : network.fed) made.insert(network.root_of(constant.value));
  for (const std::size_t l : layers) {
    Layer& layer = network.layers[l];
    for (const std::size_t input : layer.inputs) {
      const std::size_t root = network.root_of(input);
      if (root != 0 && made.count(root) == 0) fed.insert(input);
    }
    made.insert(network.root_of(layer.output));
    kept.push_back(std::move(layer));
  }
  network.layers = std::move(kept);
  std::set<std::size_t> wanted = fed;
  const std::size_t last = network.layers.back().output;
  if (last == network.outputs.front().value) {
    network.outputs.resize(1);
  } else {
    wanted.insert(last);
    network.outputs = {{network.values[last].name, last, network.values[last].shape, {}}};
    network.outputs.front().shape.is_vector = false;
  }

  if (!network.has_values) return {};
  auto tensors = reference_values(network, wanted, graph, images);
  for (const std::size_t value : fed) {
    network.fed.push_back(
        {value, encode_value(network, value, tensors[value], 0, images.shape[0])});
  }
  return std::move(tensors[last]);
}

}  // namespace systolog::sim
