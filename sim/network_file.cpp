// SPDX-License-Identifier: Apache-2.0
#include "sim/network_file.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "models/user_error.h"

namespace systolog::sim {
namespace {

using workloads::Graph;
using workloads::Node;
using workloads::Operator;
using Sizes = std::array<std::size_t, 3>;

constexpr std::uint64_t kMaxSize = workloads::kMaxElements;

std::uint64_t integer(JsonReader& json, std::string_view name, std::uint64_t otherwise,
                      std::uint64_t lowest = 1, std::uint64_t highest = kMaxSize) {
  std::uint64_t value = otherwise;
  json.field(name, value, {lowest, highest});
  return value;
}

std::uint64_t required(JsonReader& json, std::string_view name) {
  json.require(name);
  return integer(json, name, 1);
}

/// One number for both axes, or [height, width].
std::pair<std::size_t, std::size_t> both_axes(JsonReader& json, std::string_view name) {
  std::vector<std::uint64_t> values{1};
  json.field(name, values, {1, 2}, {1, workloads::kMaxWindow});
  return {values.front(), values.back()};
}

workloads::Window read_window(JsonReader& json) {
  workloads::Window w;
  json.require("kernel");
  std::tie(w.kernel_h, w.kernel_w) = both_axes(json, "kernel");
  std::tie(w.stride_h, w.stride_w) = both_axes(json, "stride");
  std::tie(w.dilation_h, w.dilation_w) = both_axes(json, "dilation");
  // One number, [height, width] or [top, left, bottom, right].
  std::vector<std::uint64_t> pad{0};
  json.field("pad", pad, {1, 2, 4}, {0, workloads::kMaxWindow});
  const std::size_t count = pad.size();
  w.pad_top = pad[0];
  w.pad_left = pad[1 % count];
  w.pad_bottom = pad[2 % count];
  w.pad_right = pad[3 % count];
  return w;
}

/// [channels, height, width].
Sizes three(JsonReader& json, std::string_view name) {
  std::vector<std::uint64_t> values{0, 0, 0};
  json.field(name, values, {3}, {0, kMaxSize});
  return {values[0], values[1], values[2]};
}

// --- one reader an operator; biases and norms get their sizes when shapes are known -------------

Operator conv(JsonReader& json) {
  workloads::Conv op;
  op.window = read_window(json);
  op.groups = integer(json, "groups", 1);
  op.filters = required(json, "filters");
  return op;
}
Operator gemm(JsonReader& json) {
  workloads::Gemm op;
  op.features = required(json, "features");
  return op;
}
Operator average_pool(JsonReader& json) {
  workloads::AveragePool op;
  op.window = read_window(json);
  json.field("count_include_pad", op.count_include_pad);
  return op;
}
Operator pad(JsonReader& json) {
  workloads::Pad op;
  op.before = three(json, "before");
  op.after = three(json, "after");
  return op;
}

struct Reader {
  std::string_view op;
  Operator (*read)(JsonReader& json);
};
constexpr Reader kReaders[] = {
    {"conv", conv},
    {"gemm", gemm},
    {"max_pool",
     [](JsonReader& json) -> Operator { return workloads::MaxPool{read_window(json)}; }},
    {"average_pool", average_pool},
    {"global_average_pool", [](JsonReader&) -> Operator { return workloads::GlobalAveragePool{}; }},
    {"flatten", [](JsonReader&) -> Operator { return workloads::Reshape{}; }},
    {"add", [](JsonReader&) -> Operator { return workloads::Add{}; }},
    {"concat", [](JsonReader&) -> Operator { return workloads::Concat{}; }},
    {"pad", pad},
    {"batch_norm", [](JsonReader&) -> Operator { return workloads::BatchNorm{}; }},
    {"relu", [](JsonReader&) -> Operator { return workloads::Relu{}; }},
    {"relu6",
     [](JsonReader&) -> Operator {
       return workloads::Activate{models::Activation::kClip, 0.0F, 6.0F};
     }},
    {"softmax", [](JsonReader&) -> Operator { return workloads::Softmax{}; }},
};
/// What may follow a layer in "then".
constexpr std::string_view kFollowers[] = {"batch_norm", "relu", "relu6", "softmax"};

std::vector<std::string_view> reader_names() {
  std::vector<std::string_view> names;
  for (const Reader& reader : kReaders) names.push_back(reader.op);
  return names;
}

const Reader* find_reader(std::string_view op) {
  const auto* found = std::find_if(std::begin(kReaders), std::end(kReaders),
                                   [&](const Reader& reader) { return reader.op == op; });
  return found == std::end(kReaders) ? nullptr : found;
}

class NetworkReader {
 public:
  explicit NetworkReader(JsonReader& json) : json_(json) {}

  Graph run() {
    graph_.shapes_only = true;
    read_input();
    json_.require("layers");
    std::vector<JsonReader> layers = json_.objects("layers");
    const Json& list = json_.json().at("layers");
    if (list.is_array() && list.empty()) json_.refuse("layers", "at least one layer");
    for (JsonReader& layer : layers) {
      std::string name;
      layer.field_or_empty("name", name);
      all_names_.push_back(name);
    }
    for (JsonReader& layer : layers) read_layer(layer);
    check_readers(layers);
    json_.finish();
    for (std::size_t n = 1; n < graph_.nodes.size(); ++n) finish_node(n);
    return std::move(graph_);
  }

 private:
  void read_input() {
    json_.require("input");
    Node node{"input", workloads::Input{}, {}, {}};
    if (json_.has("input")) {
      JsonReader input = json_.object("input");
      node.shape.channels = required(input, "channels");
      node.shape.height = required(input, "height");
      node.shape.width = required(input, "width");
      input.done();
    }
    graph_.nodes.push_back(std::move(node));
    layer_of_.push_back(0);
    node_of_["input"] = 0;
  }

  void add(std::string name, Operator op, std::vector<std::size_t> inputs, std::size_t layer) {
    for (const std::size_t input : inputs) read_.resize(std::max(read_.size(), input + 1));
    for (const std::size_t input : inputs) read_[input] = true;
    graph_.nodes.push_back({std::move(name), std::move(op), std::move(inputs), {}});
    layer_of_.push_back(layer);
    bias_.push_back(false);
  }

  void read_layer(JsonReader& json) {
    const std::size_t index = layer_++;
    std::string name, op;
    json.require("name");
    json.field("name", name);
    if (!name.empty() && node_of_.count(name) != 0) {
      json.refuse("name", "a name that no other layer has");
    }
    json.require("op");
    json.field("op", op);
    std::vector<std::size_t> inputs = read_inputs(json, name);
    const Reader* reader = find_reader(op);
    std::vector<std::string> then;
    json.field("then", then);
    if (reader == nullptr) {
      // Whatever else stands there belongs to an operator nobody knows.
      if (json.has("op")) json.refuse("op", join(reader_names()));
      knows_readers_ = false;
      node_of_[name] = graph_.nodes.size() - 1;
      return;
    }
    Operator made = reader->read(json);
    const bool weighted = std::holds_alternative<workloads::Conv>(made) ||
                          std::holds_alternative<workloads::Gemm>(made);
    bool bias = then.empty() || then.front() != "batch_norm";
    if (weighted) json.field("bias", bias);
    json.done();
    add(name, std::move(made), std::move(inputs), index);
    bias_.back() = weighted && bias;
    for (std::size_t i = 0; i < then.size(); ++i) {
      const std::string& follower = then[i];
      const bool known =
          std::find(std::begin(kFollowers), std::end(kFollowers), follower) != std::end(kFollowers);
      if (!known) {
        json.refuse("then/" + std::to_string(i), join(kFollowers));
        continue;
      }
      add(name + "/" + follower, find_reader(follower)->read(json), {graph_.nodes.size() - 1},
          index);
    }
    node_of_[name] = graph_.nodes.size() - 1;
  }

  /// The nodes a layer reads: those of the layers it names, else the layer before.
  std::vector<std::size_t> read_inputs(JsonReader& json, const std::string& name) {
    if (!json.has("inputs")) return {graph_.nodes.size() - 1};
    std::vector<std::string> names;
    json.field("inputs", names);
    if (names.empty()) json.refuse("inputs", "names of layers before, or \"input\"");
    std::vector<std::size_t> inputs;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string& input = names[i];
      const std::string place = "inputs/" + std::to_string(i);
      const auto found = node_of_.find(input);
      if (found != node_of_.end()) {
        inputs.push_back(found->second);
      } else if (std::find(all_names_.begin(), all_names_.end(), input) != all_names_.end()) {
        json.refuse(place,
                    "\"input\" and layers that stand before " + name + ": a network has no cycles");
      } else {
        json.refuse(place, "\"input\" and names of layers");
      }
    }
    knows_readers_ &= !names.empty() && inputs.size() == names.size();
    return inputs;
  }

  /// Nothing is computed for nobody: the last layer is the output, every other one is read.
  void check_readers(std::vector<JsonReader>& layers) {
    if (!knows_readers_) return;
    read_.resize(graph_.nodes.size());
    for (const auto& [name, node] : node_of_) {
      if (read_[node] || node + 1 == graph_.nodes.size()) continue;
      if (node == 0) {
        json_.refuse("input", "an input that some layer reads");
      } else {
        layers[layer_of_[node]].refuse(
            "name", "a layer that a later one reads: only the last may be the network's output");
      }
    }
  }

  void finish_node(std::size_t n) {
    Node& node = graph_.nodes[n];
    const auto& in = graph_.nodes[node.inputs.empty() ? 0 : node.inputs[0]].shape;
    if (auto* conv = std::get_if<workloads::Conv>(&node.op)) {
      conv->bias.resize(bias_[n - 1] ? conv->filters : 0);
    } else if (auto* gemm = std::get_if<workloads::Gemm>(&node.op)) {
      gemm->bias.resize(bias_[n - 1] ? gemm->features : 0);
    } else if (auto* norm = std::get_if<workloads::BatchNorm>(&node.op)) {
      norm->scale.assign(in.channels, 1.0F);
      norm->shift.assign(in.channels, 0.0F);
    } else if (auto* flat = std::get_if<workloads::Reshape>(&node.op)) {
      flat->target = {.channels = in.count(), .is_vector = true};
    }
    try {
      workloads::infer_shape(graph_, n);
    } catch (const UserError& error) {
      throw UserError(json_.file() + ": /layers/" + std::to_string(layer_of_[n]) + ": " +
                      error.what());
    }
  }

  JsonReader& json_;
  Graph graph_;
  std::size_t layer_ = 0;
  std::vector<std::string> all_names_;
  std::map<std::string, std::size_t> node_of_;  // the last node of each layer
  std::vector<std::size_t> layer_of_;           // of each node
  std::vector<bool> read_;                      // each node
  bool knows_readers_ = true;                   // nothing was wrong with any inputs
  std::vector<bool> bias_;                      // each node but the input
};

}  // namespace

Graph read_network(JsonReader& json) { return NetworkReader(json).run(); }

}  // namespace systolog::sim
