// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "models/arithmetic.h"
#include "pe/vector_op.h"
#include "sim/accelerator_config.h"
#include "sim/arithmetic_plan.h"
#include "sim/calibration.h"
#include "workloads/graph.h"
#include "workloads/tensor.h"

namespace systolog::sim {

/// An activation tensor as it lies in DRAM: [image, height, width, channels] codes.
struct Value {
  std::string name;  // of the node that makes it
  workloads::Shape shape;
  models::Quantisation quantisation;
  // An earlier value whose bytes these are, under another shape.
  std::optional<std::size_t> same_bytes_as = {};
  std::size_t arithmetic = 0;  // whose format its codes have
  std::size_t node = 0;        // of the graph, whose values it holds
  bool packed = false;         // two codes lie in a byte of the memories (packing.h)
};

/// A convolution or fully connected layer with what its write-back fuses.
struct MatmulLayer {
  workloads::Window window;
  std::uint32_t groups = 1;
  std::uint32_t channels = 1, filters = 1;  // of all groups
  std::vector<std::byte> weights;           // codes [groups, kernel_h, kernel_w, channels/groups,
                                            //        filters/groups]
  std::vector<std::byte> bias;              // [filters], bias_bytes() each; empty: none
  std::vector<float> requantise;            // [filters] for int:B, else empty
  int shift = 0;  // other formats: sums times 2^shift have the output's scale
  bool relu = false;
  std::optional<std::array<float, 2>> clip;  // lowest and highest output
  std::uint32_t zero_code = 0;               // of the input's zero: padding
  bool packs_weights = false;                // two lie in a byte of the memories
};

/// A layer that the vector unit does alone.
struct VectorLayer {
  pe::VectorOpcode opcode = pe::VectorOpcode::kRelu;
  workloads::Window window;  // pooling
  bool count_include_pad = false;
  std::size_t beyond_h = 0, beyond_w = 0;  // of AveragePool
  bool second_per_channel = false;         // the second input has one pixel
  models::Activation activation = models::Activation::kClip;
  float a = 0.0F, b = 0.0F;       // its parameters
  std::vector<float> parameters;  // kBatchNorm: scale [channels], shift [channels]
};

/// Codes that go from one place to another: input[in_offset + sum of i in_stride] to
/// output[out_offset + sum of i out_stride] for the i of all loops, in codes of one image.
struct Move {
  struct Loop {
    std::uint64_t count, in_stride, out_stride;
  };
  std::size_t input = 0;    // of the layer's inputs
  bool fills = false;       // reads nothing: writes the layer's fill_code
  std::vector<Loop> loops;  // outermost first
  std::uint64_t in_offset = 0, out_offset = 0;
};

/// A layer that moves values and computes nothing: the DMA loads and stores with strides, the
/// vector unit hands them on. The moves write every code of the output once.
struct MoveLayer {
  std::vector<Move> moves;
  std::uint32_t fill_code = 0;
};

struct Layer {
  std::string name;                 // the ONNX node's
  std::string op;                   // "conv", "gemm", "max_pool", ...
  std::vector<std::size_t> inputs;  // values
  std::size_t output = 0;           // value
  std::variant<MatmulLayer, VectorLayer, MoveLayer> work;
  std::size_t arithmetic = 0;  // that it computes in
};

/// A tensor that the host writes before a run although no layer makes it: codes of all images, or
/// of one where it is a constant that is the same for all.
struct FedValue {
  std::size_t value = 0;
  std::vector<std::byte> codes;
  bool is_constant = false;
};

/// A tensor that the host reads after a run.
struct NetworkOutput {
  std::string name;
  std::size_t value = 0;
  workloads::Shape shape;  // as the model's user sees it
  // Where each element, in NCHW order, lies in the value; empty: as NHWC.
  std::vector<std::uint32_t> order;
};

/// A network ready for the compiler: every constant encoded in its layer's arithmetic, ReLU fused,
/// reshapes gone. Value 0 is the input. Where a layer reads a value of another format, a layer
/// "convert" lies between, which rounds once.
struct Network {
  std::string name;
  std::shared_ptr<const models::Arithmetic> arithmetic;  // 0: of all layers but those that say so
  std::vector<std::shared_ptr<const models::Arithmetic>> others;  // 1, 2, ...
  std::string plan;  // what the report calls all of them together
  std::vector<Value> values;
  std::vector<Layer> layers;
  std::vector<FedValue> fed;  // besides the input: constants, and of layers that are left out
  std::vector<NetworkOutput> outputs;  // the first is the one that answers are read from
  bool has_values = true;  // false: of a graph of shapes; weights and scales mean nothing

  /// The value whose bytes these are: itself, or the first of those it is a reshape of.
  std::size_t root_of(std::size_t value) const {
    while (values[value].same_bytes_as) value = *values[value].same_bytes_as;
    return value;
  }

  const models::Arithmetic& arithmetic_at(std::size_t i) const {
    return i == 0 ? *arithmetic : *others.at(i - 1);
  }
  const models::Arithmetic& arithmetic_of(const Value& value) const {
    return arithmetic_at(value.arithmetic);
  }
  const models::Arithmetic& arithmetic_of(const Layer& layer) const {
    return arithmetic_at(layer.arithmetic);
  }
  /// Bits of one of its codes in the memories.
  std::uint32_t width_of(const Value& value) const {
    return models::width_of(arithmetic_of(value), value.packed);
  }
  /// All of them, by number.
  std::vector<const models::Arithmetic*> arithmetics() const {
    std::vector<const models::Arithmetic*> list{arithmetic.get()};
    for (const auto& other : others) list.push_back(other.get());
    return list;
  }
};

/// Encodes a graph, or, of a graph of shapes, what its encoding would take: the same layers,
/// without weights. `calibration` is needed by int:B and power-of-two scales only. Reshapes and
/// transposes cost nothing where a reader can take the data as it lies; elsewhere a layer moves it.
/// Throws UserError where `arithmetics` name a layer that does not exist.
Network lower(const workloads::Graph& graph, const LayerArithmetics& arithmetics,
              const Calibration& calibration, const QuantisationConfig& quantisation);

/// Throws UserError, with the list of the layers there are, where a plan names one there is not.
void check_layers(const ArithmeticPlan& plan, const workloads::Graph& graph);

}  // namespace systolog::sim
